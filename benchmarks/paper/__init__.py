"""The paper's tables and figures, on the paper's protocol."""

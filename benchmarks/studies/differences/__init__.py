"""Where our figures are far from the paper's: each method as the paper's authors had it, one module a method."""

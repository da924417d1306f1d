"""What more than a hundred features cost GenRe, and the order that it writes them in."""

"""PAR: amortised recourse of high likelihood, by exact densities of both classes."""

"""Which candidate is the answer."""

"""Odd inputs, killed processes, many callers at once: what comes out is right, or one clear error."""

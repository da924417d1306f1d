"""Recourse methods of this package, one a file."""

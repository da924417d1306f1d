"""The recourse methods, one file each, and what they share."""

"""TAP: a verifier that compares two people confirms what h says."""

"""Whom the Score is lost on: people by how many accepted rows share what they cannot change."""

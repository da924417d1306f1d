"""Whom the Score is lost on: people whose immutable features few accepted rows share, and all others."""

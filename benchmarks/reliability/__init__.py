"""Odd inputs, killed processes, and many callers at once: is what comes out right, or one clear error?"""

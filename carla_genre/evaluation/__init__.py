"""Measures of recourse: gold classifier, LOF, Score, and what they are made of."""

"""Judges of other kinds than the paper's: gold classifiers that are no forest, and further tests of plausibility."""

"""Methods before gold classifiers and tests of plausibility of several kinds."""

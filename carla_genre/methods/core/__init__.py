"""What every RecourseMethod of this package shares."""

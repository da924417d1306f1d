"""GenRe's recipe: Score against seconds of training, for what its default is made of and what it is not."""

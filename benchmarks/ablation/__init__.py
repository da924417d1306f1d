"""Each ingredient of GenRe with and without: of choosing, of training; and the paper's training by its steps."""

"""Each ingredient of GenRe with and without: choosing, training, distilling; and the paper's training by its steps."""

"""Whether a stated risk is kept, where the label's probability is known and on the data sets."""

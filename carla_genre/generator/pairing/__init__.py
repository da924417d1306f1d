"""Training pairs: Q(x+|x) over the nearest accepted rows."""

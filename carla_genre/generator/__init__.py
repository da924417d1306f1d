"""The generator R(x+|x): torch and numpy only."""

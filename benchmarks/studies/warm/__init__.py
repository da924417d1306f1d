"""A generator for another classifier or gamma, from one that is there, beside one that is trained anew."""

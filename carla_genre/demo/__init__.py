"""`carla-genre demo`: recourse on real data, from the rows to a picture, in minutes."""

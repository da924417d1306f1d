"""Data sets as CARLA's catalogs."""

"""CARLA's own tests as a judge of whether CARLA works under carla_genre."""

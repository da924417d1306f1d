"""What `carla-genre fit` and `carla-genre recourse` do; `--help` explains their options."""

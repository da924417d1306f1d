"""``python -m carla_genre``: the command ``carla-genre``, also where its folder is not on the path."""

import sys

from carla_genre.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""CARLA's installed code, untouched on disk, working on a current Python."""


def install() -> None:
    """Let ``import carla`` work from now on; calling it again changes nothing."""

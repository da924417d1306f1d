"""The command `carla-genre`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

import carla_genre
from carla_genre.errors import CarlaGenreError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Of the command line; else the process's own.

    Returns
    -------
    int
        The exit status: 0, 2 for an error that the user can mend, 130 after Ctrl-C.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    _log_to_stderr()
    try:
        options.command(options)
    except CarlaGenreError as error:
        print(f"carla-genre: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncarla-genre: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="carla-genre", description=carla_genre.__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {carla_genre.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo",
        help="recourse for 200 denied people: GenRe beside two of CARLA's methods, in three minutes",
        description="Train a classifier and GenRe, answer denied people, compare with two of CARLA's "
        "methods, and write a picture and a JSON.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    demo.add_argument("--data", default="adult", metavar="NAME|CSV", help="a data set's name, or a CSV file")
    demo.add_argument("--target", help="the label's column of a CSV file (guessed where only one can be it)")
    demo.add_argument("--seed", type=int, default=42, help="of h, GenRe and the choice of people")
    demo.add_argument("--out", default="demo", help="folder for demo.png and demo.json")
    demo.add_argument("--people", type=int, default=200, help="how many denied people to answer")
    demo.add_argument(
        "--quick", action="store_true", help="few rows, people and steps: shows every step, answers badly"
    )
    demo.set_defaults(command=_demo)

    doctor = commands.add_parser("doctor", help="print versions, and what was repaired in CARLA")
    doctor.set_defaults(command=_doctor)
    return parser


def _demo(options: argparse.Namespace) -> None:
    from carla_genre.demo.run import Options, run

    named = {key: value for key, value in vars(options).items() if key != "command"}
    run(Options(**named))


def _doctor(options: argparse.Namespace) -> None:
    import importlib.util

    from carla_genre import carla_compat
    from carla_genre.evaluation.environment import versions

    for name, version in versions().items():
        print(f"{name}: {version}")
    if importlib.util.find_spec("carla") is None:
        print("carla is not installed: pip install --no-deps carla-recourse==0.0.5")
        return
    import carla  # noqa: F401

    print(carla_compat.report())


def _log_to_stderr() -> None:
    """Lines of this package only, and not twice: CARLA gives the root logger a handler of its own."""
    logger = logging.getLogger("carla_genre")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


if __name__ == "__main__":
    sys.exit(main())

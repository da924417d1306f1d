"""Set up an environment of its own, and run the demo or the tests in it.

    python3 bootstrap.py demo [options of `carla-genre demo`]
    python3 bootstrap.py test [--tensorflow] [options of pytest]

Needs Python 3.10 or newer with venv and pip, and nothing else. The environment is the folder `.venv-bootstrap`
beside this file, or the one that CARLA_GENRE_VENV names. The first run installs into it, later runs reuse it;
an installation that was interrupted is done again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 10)
CARLA = "carla-recourse==0.0.5"
EXTRAS = {"demo": {"dice", "plot"}, "test": {"test"}}
# What an installation depends on: when one of these changes, it is brought up to date.
INPUTS = ("setup.cfg", "pyproject.toml", "constraints.txt")


def main(arguments: list[str]) -> int:
    """Install what the command needs, unless it is there, and run it; the command's exit status."""
    if not arguments or arguments[0] not in EXTRAS:
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    check_python()
    command, options = arguments[0], arguments[1:]
    extras = set(EXTRAS[command])
    if command == "test" and "--tensorflow" in options:
        options.remove("--tensorflow")
        extras.add("tensorflow")
    folder = Path(os.environ.get("CARLA_GENRE_VENV") or ROOT / ".venv-bootstrap").absolute()
    install(folder, extras)
    return run_demo(folder, options) if command == "demo" else run_tests(folder, options)


def check_python() -> None:
    """Stop with a plain sentence where this Python cannot do it."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        stop(f"carla-genre needs Python 3.10 or newer; this is Python {found} ({sys.executable}).")
    if importlib.util.find_spec("ensurepip") is None:
        stop(
            "This Python comes without pip for new environments. On Debian and Ubuntu: apt install python3-venv"
        )


def install(folder: Path, extras: set[str]) -> None:
    """Make the environment hold the package with `extras`, and carla-recourse; do nothing where it does."""
    stamp = folder / "carla-genre-installed.json"
    inputs = fingerprint()
    done = json.loads(stamp.read_text()) if stamp.exists() else None
    if done and done["inputs"] == inputs and extras <= set(done["extras"]):
        return
    if done is None:
        make_environment(folder)
    else:
        extras = extras | set(done["extras"])
        stamp.unlink()  # so that an interrupted update is not taken for a finished one
        # Beside it, pip would call every package an error that differs from carla-recourse's pins.
        pip(folder, "uninstall", "--quiet", "--yes", CARLA.partition("==")[0])
    wanted = ",".join(sorted(extras))
    print(f"[2/3] installing carla-genre[{wanted}]: several hundred MB, GBs where torch has CUDA", flush=True)
    pip(folder, "install", "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[{wanted}]")
    print(f"[3/3] installing {CARLA} without the versions that it pins", flush=True)
    pip(folder, "install", "--no-deps", CARLA)
    stamp.write_text(json.dumps({"inputs": inputs, "extras": sorted(extras)}))


def fingerprint() -> str:
    """What the installation was made from: this Python and the files that name the packages."""
    digest = hashlib.sha256(f"{sys.version} {ROOT} {CARLA}".encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_environment(folder: Path) -> None:
    """Make the environment anew; a folder that is something else is left alone."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").exists():
        stop(f"{folder} is not empty and no Python environment: name another folder in CARLA_GENRE_VENV.")
    print(f"[1/3] making the environment {folder}", flush=True)
    venv.create(folder, clear=True, with_pip=True, symlinks=os.name != "nt")


def program(folder: Path, name: str) -> str:
    """Path of a program of the environment."""
    return str(folder / "Scripts" / f"{name}.exe" if os.name == "nt" else folder / "bin" / name)


def pip(folder: Path, action: str, *arguments: str) -> None:
    """`pip install` or `uninstall` in the environment; its own output is the progress."""
    python = [program(folder, "python"), "-I", "-m", "pip", "--disable-pip-version-check"]
    command = [*python, action, *arguments]
    if subprocess.call(command, cwd=ROOT):
        stop(f"pip failed, its messages are above. Run the same command again to retry: {' '.join(command)}")


def run_demo(folder: Path, options: list[str]) -> int:
    """`carla-genre demo`, in the caller's folder."""
    return subprocess.call([program(folder, "carla-genre"), "demo", *options])


def run_tests(folder: Path, options: list[str]) -> int:
    """The test suite, on up to four cores."""
    workers = min(4, os.cpu_count() or 1)
    return subprocess.call(
        # worksteal: tests of a file stay together, so that its fixtures are made once
        [program(folder, "python"), "-m", "pytest", "-n", str(workers), "--dist", "worksteal", *options],
        cwd=ROOT,
    )


def stop(reason: str) -> None:
    """End with a message and without a traceback."""
    raise SystemExit(f"bootstrap.py: {reason}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)

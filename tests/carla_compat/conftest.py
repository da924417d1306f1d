"""What the tests of carla_compat share: processes of their own, and a small table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunPython = Callable[..., Any]


@pytest.fixture(scope="session")
def run_python(repository: Path) -> RunPython:
    """Run code in a process of its own; the JSON of its last line of output is the answer.

    `disable` names repairs to leave out; `options` go to the interpreter; `paths` come first in its module path.
    """

    def run(
        code: str | Path,
        *,
        disable: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
        paths: tuple[Path | str, ...] = (),
    ) -> Any:
        inherited = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
        environment = {
            **os.environ,
            "CARLA_GENRE_DISABLE_REPAIRS": ",".join(disable),
            "PYTHONPATH": os.pathsep.join([*map(str, paths), str(repository), *inherited]),
        }
        what = [str(code)] if isinstance(code, Path) else ["-c", textwrap.dedent(code)]
        done = subprocess.run(
            [sys.executable, *options, *what], env=environment, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, (
            f"exit status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else None

    return run


@pytest.fixture
def package(tmp_path: Path) -> Callable[[str, dict[str, str]], Path]:
    """Write a package of some files and give the folder to put into the module path."""

    def write(name: str, files: dict[str, str]) -> Path:
        for file, text in files.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return tmp_path

    return write

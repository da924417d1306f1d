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
import warm_process

RunPython = Callable[..., Any]


@pytest.fixture(scope="session")
def run_python(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> RunPython:
    """Run code in a process of its own; the JSON of its last line of output is the answer.

    `disable` names repairs to leave out; `options` go to the interpreter; `paths` come first in its module path. A
    `warm` process has the large libraries imported already, and no warnings.
    """

    def run(
        code: str | Path,
        *,
        disable: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
        paths: tuple[Path | str, ...] = (),
        warm: bool = False,
    ) -> Any:
        inherited = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
        first = [*map(str, paths), str(repository), *inherited]
        environment = {
            **os.environ,
            "CARLA_GENRE_DISABLE_REPAIRS": ",".join(disable),
            "PYTHONPATH": os.pathsep.join(first),
        }
        code = code if isinstance(code, Path) else textwrap.dedent(code)
        if warm and sys.platform != "win32":
            out, err = (tmp_path_factory.mktemp("process") / name for name in ("out", "err"))
            status = warm_process.run(code, environment, first, out, err)
            told, errors = out.read_text(), err.read_text()
        else:
            what = [str(code)] if isinstance(code, Path) else ["-c", code]
            command = [sys.executable, *(("-W", "ignore") if warm else ()), *options, *what]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
            status, told, errors = done.returncode, done.stdout, done.stderr
        assert status == 0, f"exit status {status}\n{told[-2000:]}\n{errors[-4000:]}"
        lines = told.strip().splitlines()
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

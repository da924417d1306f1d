"""bootstrap.py installs once, adds what is missing, and does an interrupted installation again."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


class Programs:
    """Stands for ``subprocess.call``: notes the command lines, and starts nothing."""

    def __init__(self) -> None:
        self.started: list[list[str]] = []
        self.interrupted_at: int | None = None

    def __call__(self, command: list[str], **options: Any) -> int:
        if len(self.started) == self.interrupted_at:
            self.interrupted_at = None
            raise KeyboardInterrupt
        self.started.append(command)
        return 0

    def packages(self) -> list[str]:
        """What pip was asked for since the last time, by the last word of its command line."""
        wanted = [command[-1] for command in self.started if "pip" in command]
        self.started.clear()
        return [name[max(0, name.find("[")) :] for name in wanted]


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Programs:
    programs = Programs()
    monkeypatch.setattr("subprocess.call", programs)
    return programs


@pytest.fixture
def bootstrap(
    repository: Path, tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """The script, over a copy of the files it reads; its environments are empty folders."""
    for name in ("bootstrap.py", "setup.cfg", "pyproject.toml", "constraints.txt"):
        shutil.copy(repository / name, tmp_path)
    spec = importlib.util.spec_from_file_location("bootstrap_copy", tmp_path / "bootstrap.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr("venv.create", make_folder)
    monkeypatch.setenv("CARLA_GENRE_VENV", str(tmp_path / "environment"))
    return module


def make_folder(folder: Path, clear: bool, with_pip: bool, symlinks: bool) -> None:
    assert clear
    assert with_pip
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "pyvenv.cfg").write_text("")


def test_the_second_run_installs_nothing(bootstrap: ModuleType, programs: Programs) -> None:
    assert bootstrap.main(["demo"]) == 0
    assert programs.packages() == ["[dice,plot]", "carla-recourse==0.0.5"]
    assert bootstrap.main(["demo"]) == 0
    assert programs.packages() == []


def test_tests_add_to_what_the_demo_installed(bootstrap: ModuleType, programs: Programs) -> None:
    bootstrap.main(["demo"])
    programs.packages()
    bootstrap.main(["test"])
    assert programs.packages() == ["carla-recourse", "[dice,plot,test]", "carla-recourse==0.0.5"]
    bootstrap.main(["test", "--tensorflow"])
    assert programs.packages() == ["carla-recourse", "[dice,plot,tensorflow,test]", "carla-recourse==0.0.5"]
    bootstrap.main(["demo"])
    assert programs.packages() == []


@pytest.mark.parametrize("name", ["setup.cfg", "pyproject.toml", "constraints.txt"])
def test_a_changed_input_is_installed_again(bootstrap: ModuleType, programs: Programs, name: str) -> None:
    bootstrap.main(["demo"])
    programs.packages()
    with (bootstrap.ROOT / name).open("a") as file:
        file.write("\n# changed\n")
    bootstrap.main(["demo"])
    assert programs.packages() == ["carla-recourse", "[dice,plot]", "carla-recourse==0.0.5"]


@pytest.mark.parametrize("fails_at", [0, 1])
def test_an_interrupted_installation_starts_anew(
    bootstrap: ModuleType, programs: Programs, fails_at: int
) -> None:
    programs.interrupted_at = fails_at
    with pytest.raises(KeyboardInterrupt):
        bootstrap.main(["demo"])
    leftover = bootstrap.ROOT / "environment" / "leftover"
    leftover.touch()
    programs.packages()
    bootstrap.main(["demo"])
    assert programs.packages() == ["[dice,plot]", "carla-recourse==0.0.5"]
    assert not leftover.exists()


def test_further_options_are_passed_on(bootstrap: ModuleType, programs: Programs) -> None:
    bootstrap.main(["test", "--tensorflow", "-x", "tests/test_bootstrap.py"])
    command = programs.started[-1]
    assert command[1:3] == ["-m", "pytest"]
    assert command[-2:] == ["-x", "tests/test_bootstrap.py"]
    assert "--tensorflow" not in command
    bootstrap.main(["demo", "--seed", "3"])
    assert programs.started[-1][1:] == ["demo", "--seed", "3"]


def test_a_folder_that_is_something_else_is_left_alone(bootstrap: ModuleType) -> None:
    folder = bootstrap.ROOT / "environment"
    folder.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(SystemExit, match="CARLA_GENRE_VENV"):
        bootstrap.main(["demo"])
    assert (folder / "thesis.tex").read_text() == "years of work"


def test_the_stamp_says_what_is_installed(bootstrap: ModuleType) -> None:
    bootstrap.main(["test"])
    stamp = json.loads((bootstrap.ROOT / "environment" / "carla-genre-installed.json").read_text())
    assert stamp == {"inputs": bootstrap.fingerprint(), "extras": ["test"]}


def test_an_old_python_is_refused_with_a_sentence(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.version_info", (3, 9, 18, "final", 0))
    with pytest.raises(SystemExit, match=r"needs Python 3.10 or newer; this is Python 3\.9\.18"):
        bootstrap.main(["demo"])


def test_a_python_without_ensurepip_is_told_what_to_install(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        bootstrap.main(["demo"])


def test_an_unknown_command_shows_the_help(repository: Path) -> None:
    answer = subprocess.run(
        [sys.executable, str(repository / "bootstrap.py"), "dmeo"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert "bootstrap.py demo" in answer.stdout

"""No timing is forgotten: the command runs each, and the page says what each is."""

from pathlib import Path

from benchmarks.speed.__main__ import MODULES


def test_every_timing_is_run_by_the_command(repository: Path) -> None:
    folder = repository / "benchmarks" / "speed"
    timings = {path.stem for path in folder.glob("*.py") if 'timing_parser("' in path.read_text()}
    assert timings == set(MODULES)


def test_every_timing_is_told_of_in_the_page(repository: Path) -> None:
    page = (repository / "benchmarks" / "README.md").read_text()
    assert [name for name in MODULES if f"\n- `{name}`: " not in page] == []

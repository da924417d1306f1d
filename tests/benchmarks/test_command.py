"""How a command of the benchmarks ends."""

from __future__ import annotations

import pytest

from benchmarks import command
from carla_genre.errors import InputError


def fails(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "goes_on", "status", "told"),
    [
        (InputError("no rows:\n  give some"), False, 2, "study: no rows: give some\n"),
        (KeyboardInterrupt(), False, 130, "\nstudy: interrupted\n"),
        (KeyboardInterrupt(), True, 130, "\nstudy: interrupted; the same command goes on\n"),
    ],
)
def test_what_ends_a_command_is_told_in_a_line(
    error: BaseException, goes_on: bool, status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.exit_status("study", lambda: fails(error), goes_on) == status
    assert capsys.readouterr().err == told


def test_a_command_has_its_own_status_and_its_own_faults_are_seen() -> None:
    assert [command.exit_status("study", lambda own=own: own) for own in (None, 0, 1)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        command.exit_status("study", lambda: fails(ZeroDivisionError()))

"""A GenRe answers the same whoever asks, and however often: small ones of benchmarks.reliability.stress."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.reliability.stress import by_calls, by_processes, by_rows, by_threads, is_broken, people
from benchmarks.reliability.world import Formula, classifier, trained
from carla_genre import GenRe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mlmodel() -> Formula:
    return classifier()


@pytest.fixture(scope="module")
def method(mlmodel: Formula) -> GenRe:
    return trained(mlmodel, selection="expected", n_samples=20)


def held(row: dict[str, Any]) -> None:
    assert not is_broken(row), row


def test_threads_get_what_one_gets(method: GenRe, mlmodel: Formula) -> None:
    held(by_threads(method, people(mlmodel, 32), 16))


def test_rows_together_in_pieces_and_alone_are_answered_alike(method: GenRe, mlmodel: Formula) -> None:
    held(by_rows(method, mlmodel, 1500, sample=300))


def test_many_calls_take_no_more_memory(method: GenRe, mlmodel: Formula) -> None:
    quick = method.with_sampling(selection="validity")
    held(by_calls(quick, people(mlmodel, 1), 100))


@pytest.mark.slow
def test_processes_get_what_one_gets(method: GenRe, mlmodel: Formula) -> None:
    held(by_processes(method, people(mlmodel, 32), 4))

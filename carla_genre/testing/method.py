"""All checks of a method in one call, or each as a test of pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

import pandas as pd

from carla_genre.blackbox import BlackBox
from carla_genre.errors import InputError
from carla_genre.loading import load_extra
from carla_genre.methods.registry import build_method
from carla_genre.testing.checks import FIRST, LATER, OF_CONSTRAINTS, Trial, answers_as_a_frame
from carla_genre.testing.example import Applicants

from carla.recourse_methods.api import RecourseMethod

Method = str | Callable[..., RecourseMethod]
Check = Callable[[Trial], Iterator[str]]


def check_method(
    method: Method,
    mlmodel: BlackBox | None = None,
    factuals: pd.DataFrame | None = None,
    hyperparams: Mapping[str, Any] | None = None,
    holds_constraints: bool = True,
) -> None:
    """Build a method, call it in many ways, and list every breach of what its users rely on.

    Parameters
    ----------
    method : str or class
        A name as :func:`carla_genre.build_method` takes it, or a RecourseMethod class.
    mlmodel : carla.models.api.MLModel, optional
        The classifier; by default a small one, on a small table with two immutables.
    factuals : DataFrame (B, any), optional
        Some rows that the classifier denies, B > 1; wanted where ``mlmodel`` is given.
    hyperparams : mapping, optional
        The method's own, for a quick preparation.
    holds_constraints : bool
        Whether it has to keep immutables, ranges, directions and levels, and to leave those as they are whom h accepts
        already; CARLA's own methods do not.

    Raises
    ------
    AssertionError
        The method breaks the contract; the message has a line for each breach.
    InputError
        One of ``mlmodel`` and ``factuals`` is given without the other.
    """
    trial = _trial(method, mlmodel, factuals, hyperparams)
    breaches = [breach for check in FIRST for breach in check(trial)]
    if not list(answers_as_a_frame(trial)):
        later = [*LATER, *(OF_CONSTRAINTS if holds_constraints else ())]
        breaches += [breach for check in later for breach in check(trial)]
    _raise_if_any(method, breaches)


def parametrize_with_checks(
    methods: Iterable[Method],
    mlmodel: BlackBox | None = None,
    factuals: pd.DataFrame | None = None,
    hyperparams: Mapping[str, Any] | None = None,
    holds_constraints: bool = True,
) -> Any:
    """Make a test of pytest for each method and check: a decorator of a test with the arguments method and check.

    Parameters
    ----------
    methods : iterable of str or class
        What :func:`check_method` takes.
    mlmodel, factuals, hyperparams, holds_constraints
        As :func:`check_method` has them, for all methods.

    Returns
    -------
    decorator
        ``check(method)`` in the test raises AssertionError where the method breaks this part of the contract. A method
        is built once for all its checks.

    Raises
    ------
    MissingDependencyError
        pytest is not installed.

    Examples
    --------
    ::

        @parametrize_with_checks([Midway])
        def test_what_users_rely_on(method, check):
            check(method)
    """
    pytest = load_extra("test", "parametrize_with_checks", "pytest")
    cases = []
    for method in methods:
        # Built in the first test that asks, not when tests are collected.
        trial = lru_cache(partial(_trial, method, mlmodel, factuals, hyperparams))
        for check in [*FIRST, *LATER, *(OF_CONSTRAINTS if holds_constraints else ())]:
            name = method if isinstance(method, str) else method.__name__
            cases.append(pytest.param(method, partial(_check, check, trial), id=f"{name}-{check.__name__}"))
    return pytest.mark.parametrize(("method", "check"), cases)


def _check(check: Check, trial: Callable[[], Trial], method: Method) -> None:
    if check not in FIRST:
        _raise_if_any(method, answers_as_a_frame(trial()))
    _raise_if_any(method, check(trial()))


def _trial(
    method: Method,
    mlmodel: BlackBox | None,
    factuals: pd.DataFrame | None,
    hyperparams: Mapping[str, Any] | None,
) -> Trial:
    if mlmodel is None and factuals is None:
        mlmodel = applicants = Applicants()
        factuals = applicants.denied()
    if mlmodel is None or factuals is None:
        raise InputError("give mlmodel and factuals together, or neither for a small example of both")

    def build(values: Mapping[str, Any]) -> RecourseMethod:
        return build_method(method, mlmodel, values) if isinstance(method, str) else method(mlmodel, values)

    return Trial(build, mlmodel, factuals, dict(hyperparams or {}))


def _raise_if_any(method: Method, breaches: Iterable[str]) -> None:
    lines = list(breaches)
    if lines:
        raise AssertionError(f"{method} breaks the contract of a recourse method:\n" + "\n".join(lines))

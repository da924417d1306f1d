"""Ways to choose an answer among the candidates of one trained generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from benchmarks.studies.ablation import rules
from benchmarks.studies.ablation.base import Base, Candidates, cpu_seconds
from benchmarks.studies.ablation.rules import SoftStep, Step, itself
from carla_genre.generator.pairing.neighbours import Search
from carla_genre.selection import ScoredAnswers
from carla_genre.selection.by_h import cheapest, most_valid
from carla_genre.selection.revert import revert_changes


class Answers(NamedTuple):
    """Encoded answers (B, D), NaN rows for failures, and the rule's mean probabilities for them, or None."""

    rows: np.ndarray
    estimated_val: float | None = None
    estimated_lof: float | None = None


Choose = Callable[[Candidates], Answers]


class Choice(Protocol):
    """What chooses as :class:`carla_genre.selection.selector.ExpectedScoreSelector` does."""

    def select(self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray) -> ScoredAnswers:
        """An answer a person."""


class Way(NamedTuple):
    """How answers (B, D) come about: ``made`` prepares the choice among the candidates that ``candidates`` gives."""

    made: Callable[[Base], Choose]
    candidates: Callable[[Base], Candidates]


def measured(base: Base) -> Iterator[dict[str, Any]]:
    """A row of figures for each way; seconds are the processor's, of drawing, of querying h, and of choosing."""
    for label, way in WAYS.items():
        choose, candidates = way.made(base), way.candidates(base)
        answers, seconds = cpu_seconds(partial(choose, candidates))
        estimated = {"estimated_val": answers.estimated_val, "estimated_lof": answers.estimated_lof}
        seconds += candidates.cpu_s
        yield {"variant": label, "answer_cpu_s": seconds, **estimated, **base.figures(answers.rows)}


def _drawn(temperature: float = 1.0, n: int = 100) -> Callable[[Base], Candidates]:
    return lambda base: base.drawn(temperature, n)


def _nearest(k: int) -> Callable[[Base], Candidates]:
    """The k nearest rows of D_h+ instead of candidates of a generator; the first stands in for who has fewer."""

    def find(base: Base) -> Candidates:
        genre, rows = base.genre, base.rows
        constraints, values = genre.schema.constraints, genre.schema.encode(base.setting.factuals)
        targets = rows.values[rows.accepted(genre.hyperparams["gamma"])]

        def near() -> tuple[np.ndarray, np.ndarray]:
            cost, indices = Search(values, targets, constraints, k, dtype=torch.float64).all_nearest()
            positions = torch.where(torch.isfinite(cost), indices, indices[:, :1]).numpy()
            answers = genre.schema.constrain(values[:, None], targets[positions])
            return answers, genre.scores(answers)

        (answers, scores), seconds = cpu_seconds(near)
        return Candidates(values, answers, scores, seconds)

    return find


def _by(choice: Choice, estimates: bool = True) -> Choose:
    """The choice as a function; with ``estimates`` its two numbers are probabilities."""

    def choose(found: Candidates) -> Answers:
        chosen = choice.select(found.values, found.rows, found.scores)
        return _estimated(chosen) if estimates else Answers(chosen.answers)

    return choose


def _estimated(chosen: ScoredAnswers) -> Answers:
    """The answers with the mean probabilities: a failure is neither valid nor an inlier."""
    val, lof = (float(np.nan_to_num(part).mean()) for part in (chosen.validity, chosen.inlier))
    return Answers(chosen.answers, val, lof)


def _default(base: Base) -> Choose:
    return _by(base.selector)


def _kept(base: Base) -> Choose:
    return _by(replace(base.selector, reverts=False))


def _best_alone(base: Base) -> Choose:
    """Changes of the best candidate alone are reverted."""

    def choose(found: Candidates) -> Answers:
        best = replace(base.selector, reverts=False).select(found.values, found.rows, found.scores)
        taken = revert_changes(base.selector.objective, found.values, best)
        return _estimated(taken)

    return choose


def _without(**terms: bool) -> Callable[[Base], Choose]:
    return lambda base: _by(rules.without(base.selector, **terms), estimates=False)


def _curves(validity: rules.Probability, inlier: rules.Probability) -> Callable[[Base], Choose]:
    return lambda base: _by(rules.with_curves(base.selector, validity, inlier))


def _thresholds(reverts: bool) -> Callable[[Base], Choose]:
    return lambda base: _by(rules.Thresholds(replace(base.selector, reverts=reverts)), estimates=False)


def _labelled_rows(base: Base) -> Choose:
    return _by(rules.beside_labelled_rows(base.selector, base.rows, base.genre.hyperparams["gamma"]))


def _one_neighbourhood(base: Base) -> Choose:
    return _by(rules.with_one_neighbourhood(base.selector, base.rows, base.genre, base.seed))


def _boosted(base: Base) -> Choose:
    return _by(rules.boosted(base.selector, base.rows, base.genre, base.seed))


def _without_margin(base: Base) -> Choose:
    return _by(rules.without_margin(base.selector, base.rows, base.genre, base.seed))


def _oracle(reverts: bool) -> Callable[[Base], Choose]:
    return lambda base: _by(
        rules.oracle(replace(base.selector, reverts=reverts), base.setting.judge), estimates=False
    )


def _most_valid(base: Base) -> Choose:
    return lambda found: Answers(most_valid(found.rows, found.scores))


def _cheapest(base: Base) -> Choose:
    def choose(found: Candidates) -> Answers:
        cost = base.genre.schema.cost(found.values[:, None], found.rows)
        return Answers(cheapest(found.rows, found.scores, cost, base.genre.hyperparams["gamma"]))

    return choose


WAYS = {
    "default": Way(_default, _drawn()),
    "nothing reverted": Way(_kept, _drawn()),
    "changes of the best alone reverted": Way(_best_alone, _drawn()),
    "without P(valid)": Way(_without(has_validity=False), _drawn()),
    "without P(inlier)": Way(_without(has_inlier=False), _drawn()),
    "without both: the cheapest that h accepts": Way(
        _without(has_validity=False, has_inlier=False), _drawn()
    ),
    "thresholds by hand, nothing reverted": Way(_thresholds(False), _drawn()),
    "thresholds by hand": Way(_thresholds(True), _drawn()),
    "no bootstrap: the forest's number itself, and LOF < 1.5": Way(_curves(itself, Step(-1.5)), _drawn()),
    "no bootstrap: fixed soft steps": Way(_curves(SoftStep(0.5, 0.1), SoftStep(-1.5, 0.2)), _drawn()),
    "no margin in the bootstrapped world": Way(_without_margin, _drawn()),
    "one outlier factor, the line not moved": Way(_one_neighbourhood, _drawn()),
    "LOF beside D_h+": Way(_labelled_rows, _drawn()),
    "boosting instead of the forest": Way(_boosted, _drawn()),
    "N = 10": Way(_default, _drawn(n=10)),
    "N = 30": Way(_default, _drawn(n=30)),
    "N = 300": Way(_default, _drawn(n=300)),
    "tau = 3": Way(_default, _drawn(temperature=3.0)),
    "tau = 10": Way(_default, _drawn(temperature=10.0)),
    "no generator: the 100 nearest of D_h+": Way(_default, _nearest(100)),
    "the paper's rule (tau 10, N 10)": Way(_most_valid, _drawn(10.0, 10)),
    "the paper's rule, tau 1, N 100": Way(_most_valid, _drawn()),
    "the cheapest with h > .7 (tau 10, N 10)": Way(_cheapest, _drawn(10.0, 10)),
    "NNR(D_h+)": Way(_most_valid, _nearest(1)),
    "oracle: the judge chooses, nothing reverted": Way(_oracle(False), _drawn()),
    "oracle: the judge chooses": Way(_oracle(True), _drawn()),
}

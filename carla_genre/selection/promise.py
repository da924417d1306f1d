"""The bound of a stated risk: what it is found on, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import norm

from carla_genre.generator.config import SamplingConfig
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection.calibration import INLIER
from carla_genre.selection.conformal import check_promise, least_probability
from carla_genre.selection.selector import MOST_ROWS, CandidateSource, ExpectedScoreSelector
from carla_genre.selection.surrogate import MARGIN, SurrogateJudge, points_of

# Shares of the rows that the method learns from, and that the auditor does. The others ask.
LEARNED, AUDITED = 1 / 2, 1 / 3
# Held-out people that the bound is found on, at most.
MOST_PEOPLE = 500


class Parts(NamedTuple):
    """Training rows in three parts, drawn evenly: what one of them is used for, the others have no part in.

    Attributes
    ----------
    learned : TrainingRows
        Of generator, surrogate judge, causal model and thresholds.
    audit : TrainingRows
        Of the auditor: a second judge.
    people : ndarray (n, D)
        Encoded rows that h denies, of any label, as those who will ask are.
    """

    learned: TrainingRows
    audit: TrainingRows
    people: np.ndarray


class Losses(NamedTuple):
    """What held-out people got, (n,) each.

    Attributes
    ----------
    probability : ndarray (n,)
        P(valid) P(inlier) of the answer, NaN without one.
    wrong : ndarray (n,)
        The auditor's probability that the answer is wrong, 0 without one.
    """

    probability: np.ndarray
    wrong: np.ndarray


def in_parts(rows: TrainingRows, risk: float) -> Parts:
    """The same three parts of the same rows, whatever the seed, so that they are the same when asked again.

    Raises
    ------
    InputError
        The people are too few for this risk.
    """
    random = np.random.default_rng(0)
    order = random.permutation(len(rows.values))
    first, second = round(LEARNED * len(order)), round((LEARNED + AUDITED) * len(order))
    asking = rows.at(order[second:])
    people = asking.values[asking.scores <= 0.5][:MOST_PEOPLE]
    check_promise(len(people), risk)
    audit = rows.at(np.sort(order[first:second])).at_most(MOST_ROWS, random)
    return Parts(rows.at(np.sort(order[:first])), audit, people)


def learned_rows(rows: TrainingRows, risk: float | None) -> TrainingRows:
    """What all that answers may learn from: all rows, or their first part where a risk is stated."""
    return rows if risk is None else in_parts(rows, risk).learned


def fit_selector(
    source: CandidateSource,
    rows: TrainingRows,
    sampling: SamplingConfig,
    seed: int,
    risk: float | None = None,
    **given: Any,
) -> ExpectedScoreSelector:
    """Fit a selector; with a stated risk, with the bound at which it holds for this source and sampling.

    Parameters
    ----------
    source : CandidateSource
        It has learned from :func:`learned_rows` alone.
    rows : TrainingRows
        All of them.
    sampling, seed, **given
        As :meth:`ExpectedScoreSelector.fit` takes them.
    risk : float, optional

    Raises
    ------
    InputError
        The rows are too few for this risk, or have one label only.
    """
    if risk is None:
        return ExpectedScoreSelector.fit(source, rows, sampling, seed, **given)
    parts = in_parts(rows, risk)
    selector = ExpectedScoreSelector.fit(source, parts.learned, sampling, seed, **given)
    found = losses(selector, source, parts, sampling)
    return replace(selector, least_probability=least_probability(found.probability, found.wrong, risk))


def losses(
    selector: ExpectedScoreSelector, source: CandidateSource, parts: Parts, sampling: SamplingConfig
) -> Losses:
    """What the held-out people get without a bound, and what the auditor says of it.

    The truth accepts a row whose p(y = 1) is above 1/2. The auditor's estimate of p is off by a standard deviation of
    :data:`MARGIN`, so an answer is wrong with probability Phi((1/2 - p) / MARGIN), and for sure if it is no inlier.

    Parameters
    ----------
    selector : ExpectedScoreSelector
        Fitted on ``parts.learned``, as is ``source``.
    source : CandidateSource
    parts : Parts
    sampling : SamplingConfig
        How candidates are drawn when it answers.

    Returns
    -------
    Losses (n,)
    """
    schema, objective, people = source.schema, selector.objective, parts.people
    judge = objective.judge
    auditor = SurrogateJudge.fit(
        points_of(schema, parts.audit.values), parts.audit.labels, judge.seed + 1, judge.n_jobs
    )
    candidates = source.candidates(people, sampling)
    scores = source.scores(objective.states(people[:, None], candidates))
    chosen = replace(selector, least_probability=0.0).select(people, candidates, scores)
    answered = ~np.isnan(chosen.score)
    points = points_of(schema, objective.states(people[answered], chosen.answers[answered]))
    wrong = np.zeros(len(people))
    if len(points):
        invalid = norm.cdf((0.5 - auditor.validity(points)) / MARGIN)
        wrong[answered] = np.where(auditor.inlier(points) < INLIER, 1.0, invalid)
    return Losses(chosen.validity * chosen.inlier, wrong)

"""Prepare the rule "expected" from training rows, h, and candidates of a generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from carla_genre.errors import InputError
from carla_genre.methods.core.training_rows import TrainingRows
from carla_genre.schema import Schema
from carla_genre.selection.calibration import Bootstrapped, Curve, Curves, bootstrap, fit_curves
from carla_genre.selection.expected_score import Chosen, ExpectedScore
from carla_genre.selection.surrogate import SecondOpinion, space

# Rows that the opinions learn from, people that the curves are fitted on, and candidates of each.
MOST_ROWS = 50_000
PEOPLE = 300
CANDIDATES = 15
# The best candidates of a person whose changes are taken back.
TAKEN_BACK = 10


class Source(NamedTuple):
    """Where candidates come from, and what h says of them.

    ``candidates`` gives (B, n, D) for encoded factuals (B, D) and a number n; ``h`` gives the scores (...) of encoded
    rows (..., D), and is sure of those above ``gamma``.
    """

    schema: Schema
    candidates: Callable[[np.ndarray, int], np.ndarray]
    h: Callable[[np.ndarray], np.ndarray]
    gamma: float


class ExpectedChoice(NamedTuple):
    """The rule, and the least probability of being right at which an answer is given."""

    rule: ExpectedScore
    least: float
    takes_back: bool

    def choose(self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray) -> Chosen:
        """The best candidate, without the changes that it can do without; a failure where it is too unsure.

        Which candidate is the best without them is seen of several only after they are taken back.

        Parameters
        ----------
        values : ndarray (B, D)
            Encoded factuals.
        candidates : ndarray (B, N, D)
        scores : ndarray (B, N)
            What h says of the candidates; it is asked about nothing but what taking back makes of them.
        """
        return self.settle(values, self.shortlist(values, candidates, scores))

    def shortlist(self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray) -> Chosen:
        """The candidates of :meth:`choose` that may be the best with changes taken back: (B, k, ...)."""
        return self.rule.best(values, candidates, scores, TAKEN_BACK if self.takes_back else 1)

    def settle(self, values: np.ndarray, kept: Chosen) -> Chosen:
        """The best of each person's shortlist (B, k, ...), those changes taken back: (B, ...)."""
        if self.takes_back:
            n, k = kept.score.shape
            flat = Chosen(*(part.reshape(n * k, *part.shape[2:]) for part in kept))
            taken = self.rule.take_back(np.repeat(values, k, axis=0), flat)
            kept = Chosen(*(part.reshape(n, k, *part.shape[1:]) for part in taken))
        chosen = kept.first()
        unsure = ~(chosen.validity * chosen.inlier >= self.least)
        for part in chosen:
            part[unsure] = np.nan
        return chosen

    def to_dict(self) -> dict[str, Any]:
        """What is not in ``rule.opinion.learnt``, in JSON's types."""
        curves = {name: asdict(curve) for name, curve in self.rule.curves._asdict().items()}
        return {
            "curves": curves,
            "least": self.least,
            "takes_back": self.takes_back,
            "seed": self.rule.opinion.seed,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], opinion: SecondOpinion, source: Source) -> ExpectedChoice:
        """The inverse of :meth:`to_dict`."""
        curves = Curves(**{name: Curve(**curve) for name, curve in content["curves"].items()})
        rule = ExpectedScore(source.schema, opinion, curves, source.h, source.gamma)
        return cls(rule, content["least"], content["takes_back"])


def expected_choice(
    source: Source,
    rows: TrainingRows,
    seed: int,
    takes_back: bool,
    risk: float | None = None,
    n_jobs: int | None = None,
) -> ExpectedChoice:
    """Fit the second opinion, the curves and, for a stated risk, the least probability.

    Parameters
    ----------
    source : Source
    rows : TrainingRows
        At most :data:`MOST_ROWS` of them are looked at, drawn evenly.
    seed : int
    takes_back : bool
        Whether changes that an answer can do without are undone.
    risk : float, optional
        See :func:`least_probability`; without it everyone is answered whom h would accept.
    n_jobs : int, optional
        Trees that grow at the same time.
    """
    random = np.random.default_rng(seed)
    if len(rows.values) > MOST_ROWS:
        kept = np.sort(random.choice(len(rows.values), MOST_ROWS, replace=False))
        rows = TrainingRows(rows.values[kept], rows.labels[kept], rows.scores[kept])
    points = space(source.schema, rows.values)
    opinion = SecondOpinion.fit(points, rows.labels, seed, n_jobs)
    world = bootstrap(points, rows.labels, seed, n_jobs)
    people = random.permutation(denied_people(rows))
    asked = such_as_will_be_asked_about(source, people[:PEOPLE], random)
    curves = fit_curves(world, space(source.schema, asked) if len(asked) else points)
    rule = ExpectedScore(source.schema, opinion, curves, source.h, source.gamma)
    least = 0.0
    if risk is not None:
        least = least_probability(source, world, curves, people[PEOPLE:][:PEOPLE], takes_back, risk)
    return ExpectedChoice(rule, least, takes_back)


def denied_people(rows: TrainingRows) -> np.ndarray:
    """Those of label 0 that h denies, (n, D); all rows where there are none."""
    denied = rows.values[(rows.scores <= 0.5) & (rows.labels == 0)]
    return denied if len(denied) else rows.values


def such_as_will_be_asked_about(
    source: Source, people: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Candidates, and the same with a random half of their changes taken back, as far as h accepts them: (n, D)."""
    candidates = source.candidates(people, CANDIDATES)
    shorter = np.where(random.random(candidates.shape) < 0.5, people[:, None], candidates)
    both = np.concatenate([candidates, shorter]).reshape(-1, people.shape[1])
    return both[source.h(both) > 0.5]


def least_probability(
    source: Source, world: Bootstrapped, curves: Curves, people: np.ndarray, takes_back: bool, risk: float
) -> float:
    """Below which P(valid) P(inlier) no answer is given, so that wrong answers are rare.

    Conformal risk control (Angelopoulos, Bates, Fisch, Lei and Schuster, ICLR 2024): the loss of a person is 1 for an
    answer that is not valid or no inlier, 0 for a right answer and for none, so that it falls as the bound rises; of
    n people the least bound is taken at which (losses + 1) / (n + 1) <= risk. For a person exchangeable with these n,
    the expected loss is then at most ``risk``, where the bootstrapped world is true.

    Raises
    ------
    InputError
        So few people promise no such risk.
    """
    n = len(people)
    if 1 / (n + 1) > risk:
        raise InputError(
            f"risk {risk:g} cannot be promised from {n} denied training rows that the curves were not fitted on: "
            f"ask for {1 / (n + 1):.3g} or more, or give more training rows"
        )
    rule = ExpectedScore(source.schema, world.opinions[0], curves, source.h, source.gamma)
    candidates = source.candidates(people, CANDIDATES)
    chosen = ExpectedChoice(rule, 0.0, takes_back).choose(people, candidates, source.h(candidates))
    answered = ~np.isnan(chosen.score)
    sure = (chosen.validity * chosen.inlier)[answered]
    right = np.logical_and(*world.right(space(source.schema, chosen.answers[answered])))
    wrong = np.sort(sure[~right])[::-1]
    allowed = int(np.floor(risk * (n + 1) - 1 + 1e-9))
    # One more wrong answer than allowed has this probability: the bound lies just above.
    return 0.0 if len(wrong) <= allowed else float(np.nextafter(wrong[allowed], np.inf))

"""The rule "expected": the candidate of the highest expected Score, without the changes that it can do without."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from carla_genre.causal import Consequences
from carla_genre.generator.config import SamplingConfig
from carla_genre.schema import Schema
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection.ascent import Moves, with_ascents
from carla_genre.selection.calibration import Calibration, LogisticCurve, bootstrap, calibrate
from carla_genre.selection.expected_score import ExpectedScore, ScoredAnswers
from carla_genre.selection.revert import Rule, revert_changes
from carla_genre.selection.surrogate import SurrogateJudge, points_of

# At most so many training rows are learned from.
MOST_ROWS = 50_000
# Denied rows whose candidates the calibration is fitted on, and candidates of each.
CALIBRATION_FACTUALS = 300
CALIBRATION_CANDIDATES = 15
# The best candidates of a factual whose changes are reverted.
REFINED = 10
# Factuals whose changes are reverted together: a forest answers about many rows in hardly more time than about few.
TOGETHER = 1000


class CandidateSource(Protocol):
    """A method that proposes candidates: whatever has a schema, ``candidates`` and ``scores``."""

    @property
    def schema(self) -> Schema:
        """The features."""

    def candidates(self, values: np.ndarray, sampling: SamplingConfig) -> np.ndarray:
        """``sampling.n_samples`` candidates of each encoded factual: (B, D) -> (B, N, D)."""

    def scores(self, values: np.ndarray) -> np.ndarray:
        """H of encoded rows: (..., D) -> (...)."""


@dataclass(frozen=True)
class ExpectedScoreSelector:
    """Which candidate is the answer, by expected Score.

    Attributes
    ----------
    objective : ExpectedScore
    least_probability : float
        No answer is given below this P(valid) P(inlier); 0 without a stated risk
        (:func:`carla_genre.selection.promise.fit_selector`).
    reverts : bool
        Whether changes that an answer can do without are reverted.
    moves : Moves, optional
        What each feature may be set to, one at a time, where h accepts none of a factual's candidates. Without it such
        a factual has no answer.
    """

    objective: ExpectedScore
    least_probability: float
    reverts: bool
    moves: Moves | None = None

    @classmethod
    def fit(
        cls,
        source: CandidateSource,
        rows: TrainingRows,
        sampling: SamplingConfig,
        seed: int,
        *,
        gamma: float,
        reverts: bool = True,
        n_jobs: int | None = None,
        consequences: Consequences | None = None,
        moves: Moves | None = None,
    ) -> ExpectedScoreSelector:
        """Fit the surrogate judge and its calibration.

        Parameters
        ----------
        source : CandidateSource
            Gives the candidates that the calibration is fitted on, and h of them.
        rows : TrainingRows
            At most :data:`MOST_ROWS` of them are used, drawn evenly.
        sampling : SamplingConfig
            How candidates are drawn when it selects. The curves are fitted on fewer candidates of a factual.
        seed : int
        gamma : float
            h is sure of an answer above it.
        reverts : bool
            Whether changes that an answer can do without are reverted.
        n_jobs : int, optional
            Trees that grow at the same time.
        consequences : Consequences, optional
            What follows from the candidates' changes, which are actions then.
        moves : Moves, optional
            See the class.
        """
        random, schema = np.random.default_rng(seed), source.schema
        rows = rows.at_most(MOST_ROWS, random)
        points = points_of(schema, rows.values)
        judge = SurrogateJudge.fit(points, rows.labels, seed, n_jobs)
        world = bootstrap(points, rows.labels, seed, n_jobs)
        factuals = random.permutation(rows.values[rows.denied()])[:CALIBRATION_FACTUALS]
        few = replace(sampling, n_samples=CALIBRATION_CANDIDATES)
        likely = calibration_rows(source, factuals, few, random, consequences)
        calibration = calibrate(world, points_of(schema, likely) if len(likely) else points)
        objective = ExpectedScore(schema, judge, calibration, source.scores, gamma, consequences)
        return cls(objective, 0.0, reverts, moves)

    def select(self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray) -> ScoredAnswers:
        """The answer to each factual; NaN where none is accepted, or the best is too uncertain.

        The changes of several candidates are reverted, since only then it is seen which is the best.

        Parameters
        ----------
        values : ndarray (B, D)
            Encoded factuals.
        candidates : ndarray (B, N, D)
        scores : ndarray (B, N)
            h of what the candidates lead to. h is asked again only about what reverting makes of them.

        Returns
        -------
        ScoredAnswers (B, ...)
        """
        return self.refine(values, self.top_k(values, *self.search(values, candidates, scores)))

    def search(
        self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Candidates (B, N, D) and their scores (B, N), with ascents on h where h accepts none of a factual's."""
        if self.moves is None:
            return candidates, scores
        objective = self.objective

        def allowed(part: np.ndarray, points: np.ndarray) -> np.ndarray:
            moves = objective.schema.constrain(values[part, None], points)
            if objective.consequences is None:
                return moves
            actions: np.ndarray = objective.consequences.actions(values[part, None], moves)
            return actions

        def says(own: np.ndarray, rows: np.ndarray) -> np.ndarray:
            return objective.h(objective.states(own, rows))

        return with_ascents(values, candidates, scores, self.moves, allowed, says)

    def select_batches(
        self,
        values: np.ndarray,
        batches: Iterable[tuple[slice, np.ndarray]],
        scores: Callable[[np.ndarray], np.ndarray],
        together: int = TOGETHER,
    ) -> np.ndarray:
        """The answers (B, D) of :meth:`select` where the candidates come in batches, in bounded memory.

        Parameters
        ----------
        values : ndarray (B, D)
            Encoded factuals.
        batches : iterable of (slice, ndarray (b, N, D))
            Consecutive factuals and their candidates.
        scores : callable
            h of encoded rows: (..., D) -> (...).
        together : int
            Factuals, at least, whose changes are reverted together; it changes no answer.
        """
        waiting, start = list[ScoredAnswers](), 0
        answers = np.empty_like(values)
        for rows, candidates in batches:
            own, states = values[rows], self.objective.states(values[rows, None], candidates)
            waiting.append(self.top_k(own, *self.search(own, candidates, scores(states))))
            if rows.stop - start >= together or rows.stop == len(values):
                kept = ScoredAnswers(*(np.concatenate(parts) for parts in zip(*waiting, strict=True)))
                answers[start : rows.stop] = self.refine(values[start : rows.stop], kept).answers
                waiting, start = [], rows.stop
        return answers

    def top_k(self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray) -> ScoredAnswers:
        """The candidates of :meth:`select` that may be the best once changes are reverted: (B, k, ...)."""
        return self.objective.top_k(values, candidates, scores, REFINED if self.reverts else 1)

    def refine(self, values: np.ndarray, kept: ScoredAnswers) -> ScoredAnswers:
        """Revert changes of (B, k, ...) and take the best of each factual: (B, ...)."""
        chosen = self.revert(values, kept).best()
        unsure = ~(chosen.validity * chosen.inlier >= self.least_probability)
        for part in chosen:
            part[unsure] = np.nan
        return chosen

    def revert(self, values: np.ndarray, kept: ScoredAnswers, allowed: Rule | None = None) -> ScoredAnswers:
        """Revert changes of (B, k, ...) that these can do without, as far as what is left is ``allowed``."""
        if not self.reverts:
            return kept
        n, k = kept.score.shape
        each = np.repeat(values, k, axis=0)
        return revert_changes(self.objective, each, kept.reshape(n * k), allowed).reshape(n, k)

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """P(valid) and P(inlier) of encoded rows (n, D): (n, 2)."""
        return np.stack([self.objective.validity(rows), self.objective.inlier(rows)], axis=1)

    def with_objective(self, **changes: Any) -> ExpectedScoreSelector:
        """The same with other attributes of its objective."""
        return replace(self, objective=replace(self.objective, **changes))

    def to_dict(self) -> dict[str, Any]:
        """What is not in ``objective.judge.arrays()``, in JSON's types."""
        curves = self.objective.calibration._asdict()
        return {
            "calibration": {name: asdict(curve) for name, curve in curves.items()},
            "least_probability": self.least_probability,
            "reverts": self.reverts,
            "gamma": self.objective.gamma,
            "seed": self.objective.judge.seed,
        }

    @classmethod
    def from_dict(
        cls,
        content: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        schema: Schema,
        h: Callable[[np.ndarray], np.ndarray],
        n_jobs: int | None = None,
    ) -> ExpectedScoreSelector:
        """The inverse of :meth:`to_dict`; the forest is grown again when it is first needed."""
        judge = SurrogateJudge(**arrays, seed=content["seed"], n_jobs=n_jobs)
        curves = {name: LogisticCurve(**curve) for name, curve in content["calibration"].items()}
        objective = ExpectedScore(schema, judge, Calibration(**curves), h, content["gamma"])
        return cls(objective, content["least_probability"], content["reverts"])


def calibration_rows(
    source: CandidateSource,
    factuals: np.ndarray,
    sampling: SamplingConfig,
    random: np.random.Generator,
    consequences: Consequences | None = None,
) -> np.ndarray:
    """Candidates, and the same with a random half of their changes reverted, as far as h accepts them: (n, D).

    With ``consequences``, what these lead to.
    """
    candidates = source.candidates(factuals, sampling)
    shorter = np.where(random.random(candidates.shape) < 0.5, factuals[:, None], candidates)
    both = np.concatenate([candidates, shorter])
    if consequences is not None:
        both = consequences.states(np.concatenate([factuals, factuals])[:, None], both, source.schema)
    both = both.reshape(-1, factuals.shape[1])
    return both[source.scores(both) > 0.5]

"""GenRe's rule "expected": fitted on the training rows or as a file has it, and how sure it is of rows."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from carla_genre.generator.sampler import sample
from carla_genre.methods.core.training_rows import TrainingRows
from carla_genre.methods.genre.hyperparameters import resampled, to_sampling
from carla_genre.selection.expected_score import Chosen
from carla_genre.selection.selector import MOST_ROWS, ExpectedChoice, Source, expected_choice
from carla_genre.selection.surrogate import SecondOpinion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carla_genre.methods.genre.method import GenRe

# People whose changes are taken back together: a forest answers about many rows in hardly more time than about few.
TOGETHER = 1000


def choice_of(genre: GenRe) -> ExpectedChoice:
    """What the file says of a loaded GenRe's rule; else the rule fitted on the training rows, which is timed."""
    start = time.perf_counter()
    values, source = genre.hyperparams, _source(genre)
    n_jobs = values["threads"] or -1
    if genre._kept is not None:
        content, learnt = genre._kept
        opinion = SecondOpinion.again(learnt, content["seed"], n_jobs)
        return ExpectedChoice.from_dict(content, opinion, source)
    rows = genre.labelled_rows
    with genre._isolated():
        made = expected_choice(source, rows, values["seed"], values["revert"], values["risk"], n_jobs)
    before = genre.seconds.get("second opinion", 0.0)
    genre.seconds["second opinion"] = before + time.perf_counter() - start
    return made


def labelled_rows(genre: GenRe) -> TrainingRows:
    """What the rule is fitted on: the classifier's training rows, or an even sample of the people in their place."""
    people = genre._people
    return genre.training_rows if people is None else people.labelled(genre, MOST_ROWS)


def _source(genre: GenRe) -> Source:
    """Candidates as the rule "expected" has them drawn, whichever rule chooses now."""
    sampling = to_sampling(resampled(genre.hyperparams, {"selection": "expected"}))

    def candidates(values: np.ndarray, n: int) -> np.ndarray:
        few = replace(sampling, n_samples=n)
        return sample(genre.generator, torch.from_numpy(values), few, genre.hyperparams["seed"]).numpy()

    return Source(genre.schema, candidates, genre.scores, genre.hyperparams["gamma"])


def answer(genre: GenRe, values: np.ndarray, batches: Iterable[tuple[slice, torch.Tensor]]) -> np.ndarray:
    """Choose among the candidates of encoded factuals (B, D), which come in batches: (B, D), NaN for a failure."""
    choice, waiting, start = genre.choice, list[Chosen](), 0
    answers = np.empty_like(values)
    for rows, drawn in batches:
        candidates = drawn.numpy()
        waiting.append(choice.shortlist(values[rows], candidates, genre.scores(candidates)))
        if rows.stop - start >= TOGETHER or rows.stop == len(values):
            kept = Chosen(*(np.concatenate(parts) for parts in zip(*waiting, strict=True)))
            answers[start : rows.stop] = choice.settle(values[start : rows.stop], kept).answers
            waiting, start = [], rows.stop
    return answers


def certainty(genre: GenRe, answers: pd.DataFrame) -> pd.DataFrame:
    """The probabilities ``valid`` and ``inlier`` of encoded answers (B, any), NaN for a row of NaN: (B, 2)."""
    answered = ~answers[list(genre.schema.columns)].isna().any(axis=1).to_numpy()
    figures = np.full((len(answers), 2), np.nan)
    if answered.any():
        with genre._isolated():
            rows = genre.schema.encode(answers[answered])
            figures[answered] = np.stack(genre.choice.rule.probabilities(rows), axis=1)
    return pd.DataFrame(figures, answers.index, ["valid", "inlier"])

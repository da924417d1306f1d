"""Score of people with no, few and many accepted rows of their kind."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.studies.records import Plan
from carla_genre.generator.config import DEFAULT
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting

VARIANTS: Mapping[str, Mapping[str, Any]] = {"GenRe": {}, "GenRe, distilled": {"distil": True}}
# Q goes over the K nearest rows of D_h+: fewer than these are all there is. Who has none gets answers that are
# extrapolated.
GROUPS: Mapping[str, range] = {
    "none": range(1),
    "few": range(1, DEFAULT.pairs.top_k),
    "many": range(DEFAULT.pairs.top_k, sys.maxsize),
}


def measured(setting: Setting, gold: str, plan: Plan) -> Iterator[dict[str, Any]]:
    """A row of figures for each variant and group that somebody is of; ``peers`` says which group."""
    for label, hyperparams in VARIANTS.items():
        given: dict[str, Any] = {"seed": setting.seed, "verbose": False, "training": {"steps": plan.steps}}
        genre = GenRe(setting.mlmodel, {**given, **hyperparams})
        answers, found = genre.get_counterfactuals(setting.factuals), peers(genre, setting)
        for group, numbers in GROUPS.items():
            of = np.asarray([n in numbers for n in found])
            if of.any():
                part = replace(setting, factuals=setting.factuals[of])
                figures = part.score(answers[of]).to_dict()
                yield {"gold": gold, "method": label, "peers": group, "people": int(of.sum()), **figures}


def peers(genre: GenRe, setting: Setting) -> list[int]:
    """How many rows of D_h+ share each person's immutable features."""
    rows, immutable = genre.training_rows, genre.schema.immutable
    targets = rows.values[(rows.labels == 1) & (rows.scores > genre.gamma)][:, immutable]
    people = genre.schema.encode(setting.factuals)[:, immutable]
    return [int((targets == person).all(axis=1).sum()) for person in people]

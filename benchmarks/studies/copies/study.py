"""The same generator with and without copies: Score, who is answered, and how near answers come to training rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.records import Plan
from carla_genre.evaluation.privacy import Privacy
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting


def measured(setting: Setting, plan: Plan) -> Iterator[dict[str, Any]]:
    """A row of figures with copies, and one without; of privacy, the mean over the answers that are given."""
    given: Mapping[str, Any] = {"seed": setting.seed, "verbose": False}
    privacy = Privacy(setting.mlmodel)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "genre.safetensors"
        free = GenRe(setting.mlmodel, {**given, "training": {"steps": plan.steps}})
        free.save(path)
        as_it_is = {"warm_start": str(path), "training": {"steps": 0}}
        careful = GenRe(setting.mlmodel, {**given, **as_it_is, "copies": False})
    for genre in (free, careful):
        answers = genre.get_counterfactuals(setting.factuals)
        near = privacy.figures(setting.factuals, answers)
        means = {name: float(np.nanmean(figures)) for name, figures in near.items()}
        yield {"copies": genre is free, **setting.score(answers).to_dict(), **means}

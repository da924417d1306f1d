"""The default generator and the distilled one, by the rule "expected" among few and many draws."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.studies.ablation.base import Base, cpu_seconds, drawn
from carla_genre.methods.genre.method import GenRe

DRAWS = (1, 3, 10, 30, 100)
ONE_DRAW = "one draw, nothing chosen or reverted"


def measured(base: Base) -> Iterator[dict[str, Any]]:
    """A row of figures for each generator and number of draws, and for one draw that is the answer as it is.

    Seconds are the processor's: of building GenRe with its rule, and of drawing, asking h, and choosing.
    """
    setting = base.setting
    for name, build in {"default": partial(_default, base), "distilled": partial(_distilled, base)}.items():
        genre, build_cpu_s = cpu_seconds(build)
        for n in DRAWS:
            found = drawn(genre, setting, 1.0, n)
            chosen, seconds = cpu_seconds(
                partial(genre.selector.select, found.values, found.rows, found.scores)
            )
            seconds += found.cpu_s
            yield {
                "variant": f"{name}, N = {n}",
                "answer_cpu_s": seconds,
                "build_cpu_s": build_cpu_s,
                **base.figures(chosen.answers),
            }
        values = genre.schema.encode(setting.factuals)
        draws, seconds = cpu_seconds(partial(genre.with_sampling(n_samples=1).candidates, values))
        yield {
            "variant": f"{name}, {ONE_DRAW}",
            "answer_cpu_s": seconds,
            "build_cpu_s": build_cpu_s,
            **base.figures(draws[:, 0]),
        }


def _default(base: Base) -> GenRe:
    return base.genre


def _distilled(base: Base) -> GenRe:
    return GenRe(base.setting.mlmodel, {**base.hyperparams, "distil": True})

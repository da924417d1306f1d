"""The rows of the table: which method is asked, and whether it is made once or for each set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.constrained.sets import SEEDS

EACH = "GenRe, trained for each set"
ONCE = "GenRe, trained once"
NEAREST = "NNR-D_h+ with GenRe's selector"


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes
    ----------
    method : str
        As :func:`carla_genre.methods.registry.build_method` takes it.
    hyperparams : mapping
        Where they differ from the defaults.
    once : bool
        Made once, and asked with ``with_constraints``; else made for each set.
    seeds : int
        Measured with so many seeds alone: the first ones.
    quick : mapping
        Hyperparameters of ``--quick``.
    classifiers : tuple of str
        What h may be.
    """

    method: str
    hyperparams: Mapping[str, Any] = field(default_factory=dict)
    once: bool = False
    seeds: int = len(SEEDS)
    quick: Mapping[str, Any] = field(default_factory=dict)
    classifiers: tuple[str, ...] = ("ann", "boosting")


_VARIANTS = "benchmarks.constrained.variants"
_FEW_STEPS: Mapping[str, Any] = {"training": {"steps": 20}}
ROWS: Mapping[str, Row] = {
    EACH: Row("GenRe", quick=_FEW_STEPS),
    ONCE: Row("GenRe", once=True, quick=_FEW_STEPS),
    f"{ONCE}, without the search": Row(f"{_VARIANTS}:UnsearchedGenRe", once=True, quick=_FEW_STEPS),
    f"{ONCE}, conditioned": Row(f"{_VARIANTS}:ConditionedGenRe", once=True, quick=_FEW_STEPS),
    NEAREST: Row("NNR+Score", once=True),
    "NNR-D_h+": Row("NNR-D_h+", once=True),
    "DiCoFlex": Row("DiCoFlex", once=True, quick={"steps": 20, "transforms": 2, "n_samples": 10}),
    "DiCE": Row("DiCE-constrained", {"sample_size": 200}, once=True, seeds=1, classifiers=("ann",)),
    "treecf": Row("TreeCF", once=True, classifiers=("boosting",)),
    "PAR": Row(
        "PAR",
        once=True,
        quick={"components": 2, "em_steps": 2, "surrogate_steps": 20, "steps": 10},
        classifiers=("ann",),
    ),
}


def rows_for(classifier: str, only: tuple[str, ...] = ()) -> dict[str, Row]:
    """The rows that take such an h, or some of them."""
    return {
        label: row
        for label, row in ROWS.items()
        if classifier in row.classifiers and (not only or label in only)
    }

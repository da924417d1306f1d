"""Methods' Cost, Val, LOF and Score beside the paper's: what its tables 2 to 4 and 10 to 13 have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchmarks.paper.command import Record
from benchmarks.paper.comparison_page import page
from benchmarks.paper.measured_seeds import of_the_paper_s_protocol, seeds_of
from benchmarks.paper.published import NAMES, different_hyperparams, figures_of
from carla_genre.errors import InputError
from carla_genre.harness.table import HELD, columns_of, table

FIGURES = ("Cost", "Val", "LOF", "Score", "answered", "violations", "prepare s", "answer s")


@dataclass(frozen=True)
class Comparison:
    """A table of the paper that compares methods.

    Attributes
    ----------
    names : mapping
        The grid's labels of the methods that the table has -> their names there, in its order.
    training : bool
        Whether the paper's seconds of training are told.
    """

    names: Mapping[str, str]
    training: bool = False

    def compared(self, records: Iterable[Record]) -> pd.DataFrame:
        """One row a data set and method, in the paper's order.

        Parameters
        ----------
        records : iterable of dict
            In any order, one each for a data set, seed and method; those of other methods are left out.

        Returns
        -------
        DataFrame
            ``data``, ``method`` (its label), ``name``; ``seeds`` that are measured, ``people`` of each, ``train rows``
            (NaN for all). ``Cost``, ``Val``, ``LOF``, ``Score``, ``answered``, ``violations``, ``prepare s`` and
            ``answer s`` are means over the seeds, ``... std`` the standard deviation over them (NaN for one) and ``...
            seeds`` those that have it, where not all; ``... people std`` is that over the people of a seed (root of
            the mean variance; of the answered for Cost). ``paper ...`` are the paper's. ``difference`` is that of the
            Score. A method that does not hold the constraints has its figures as it answers; ``held Score`` and ``held
            lost`` are after what may not change was put back and h asked again. ``differs`` has the hyperparameters
            that are not the paper's, ``failed`` seeds and reasons, ``missing`` the seeds that are not measured and
            ``measure`` the command that does it.

        Raises
        ------
        InputError
            There is no record of the table's methods, or a measured one is without its rows.
        """
        groups = self._groups(records)
        if not groups:
            raise InputError(f"no record is of a method of this table; it has {', '.join(self.names)}")
        figures = table([record for group in groups.values() for record in group])
        held = figures["constraints"] == HELD
        after = figures[held].set_index(["data", "method"])[["Score", "lost"]].add_prefix("held ")
        ours = figures[~held].set_index(["data", "method"])[columns_of(FIGURES)]
        told = pd.DataFrame(
            [
                {**_told(group), **_over_people(group), **_paper(data, label)}
                for (data, label), group in groups.items()
            ],
            index=pd.MultiIndex.from_tuples(groups, names=["data", "method"]),
        )
        rows = ours.join(told).join(after)
        if not self.training:
            rows = rows.drop(columns="paper training s")
        rows["difference"] = rows["Score"] - rows["paper Score"]
        rows.insert(0, "name", [self.names[label] for _, label in rows.index])
        return rows.reset_index()

    def markdown(self, rows: pd.DataFrame) -> str:
        """The rows of :meth:`compared` as Markdown."""
        return page(rows)

    def _groups(self, records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
        """By data set and method, in the paper's order; the seeds in theirs."""
        sets, labels = list(NAMES), list(self.names)
        chosen = of_the_paper_s_protocol(records)
        mine = [record for record in chosen if record["cell"]["label"] in self.names]
        groups: dict[tuple[str, str], list[Record]] = {}
        for record in sorted(
            mine,
            key=lambda record: (
                sets.index(record["cell"]["data"]) if record["cell"]["data"] in sets else len(sets),
                record["cell"]["data"],
                labels.index(record["cell"]["label"]),
            ),
        ):
            groups.setdefault((record["cell"]["data"], record["cell"]["label"]), []).append(record)
        return groups


def _told(group: Sequence[Record]) -> dict[str, Any]:
    """What a row says beside its figures."""
    cell = group[0]["cell"]
    differs = {
        f"{name} {_plain(own)} (paper {_plain(theirs)})": None
        for record in group
        for name, (own, theirs) in different_hyperparams(
            cell["method"], record.get("hyperparams") or {}
        ).items()
    }
    return {
        **seeds_of(group),
        "people": cell["n_factuals"],
        "train rows": cell["rows"],
        "differs": ", ".join(differs),
    }


def _plain(value: Any) -> str:
    return "none" if value is None else str(value)


def _over_people(group: Sequence[Record]) -> dict[str, float]:
    """Standard deviation within a seed: the root of the seeds' mean variance."""
    measured = [record for record in group if "error" not in record]
    for cell in (record["cell"] for record in measured if record.get("rows") is None):
        raise InputError(
            f"there are no rows of {cell['data']}, seed {cell['seed']}, {cell['label']}: bring the rows.parquet of its "
            "folder, or measure it again"
        )
    variances = pd.DataFrame(
        [
            {
                "Cost": pd.Series(people["cost"], dtype=float).var(),
                "Val": (pd.Series(people["gold"], dtype=float) > 0.5).astype(float).var(),
                "LOF": pd.Series(people["inlier"], dtype=float).var(),
            }
            for people in (record["rows"] for record in measured)
        ],
        columns=["Cost", "Val", "LOF"],
        dtype=float,
    )
    deviations: dict[str, float] = (variances.mean() ** 0.5).add_suffix(" people std").to_dict()
    return deviations


def _paper(data: str, label: str) -> dict[str, float]:
    theirs = figures_of(label).get(data, {})
    figures = {
        f"paper {name}": theirs.get(name.lower()) for name in ("Cost", "Val", "LOF", "Score", "training s")
    }
    spread = {
        f"paper {name} people std": theirs.get("std", {}).get(name.lower()) for name in ("Cost", "Val", "LOF")
    }
    return {name: float("nan") if value is None else value for name, value in {**figures, **spread}.items()}

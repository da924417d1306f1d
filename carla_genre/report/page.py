"""The page: records, put into the templates."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import pandas as pd

import carla_genre
from carla_genre.evaluation.measures import Figure
from carla_genre.harness.code import mark_of
from carla_genre.harness.table import FURTHER, FURTHER_LEGEND, LEGEND, MAIN, MEASURES, Column, mean_and_spread
from carla_genre.io import check_writable, write_text
from carla_genre.report.collecting import Collection, collect
from carla_genre.report.details import details
from carla_genre.report.grouping import Comparison, Configuration, comparisons_of
from carla_genre.report.plots import scatter, timings
from carla_genre.report.provenance import period, properties_of, uncommitted

# Of the properties, those at the head of the page.
_SUMMED_UP = {"hardware.processor": "Processor", "hardware.gpu": "GPU", "commit": "Commit"}
TEMPLATES = Path(__file__).with_name("templates")


def write_report(folders: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]) -> Collection:
    """Write the page of all records under some folders.

    Parameters
    ----------
    folders : sequence of path
        Searched with all folders inside.
    out : path
        The page; its folder is made.

    Returns
    -------
    Collection
        What was found.

    Raises
    ------
    InputError
        There is no record, or the page cannot be written.
    """
    path = Path(out)
    check_writable(path)
    collection = collect(folders)
    write_text(path, page(collection, path.parent))
    return collection


def page(collection: Collection, folder: Path) -> str:
    """Return the HTML of records; links to their files are relative to a folder."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(figure=_figure, mark=mark_of, shown=_shown, number=_number, arrow=_arrow)
    environment.globals.update(
        scatter=scatter, timings=timings, details=details, ranked=_ranked, columns_of=_columns_of
    )

    def link(path: Path) -> str:
        return quote(Path(os.path.relpath(path, folder)).as_posix())

    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    found = collection.found
    return environment.get_template("report.html").render(
        version=carla_genre.__version__,
        style=style,
        script=script,
        # The page may run and show what is in these two files, and load nothing.
        policy=f"default-src 'none'; style-src {_allowed(style)}; script-src {_allowed(script)}",
        collection=collection,
        comparisons=comparisons_of(found),
        properties=properties_of(found),
        period=period(found),
        summed_up=_SUMMED_UP,
        uncommitted=uncommitted(found),
        strangers=sum(not one.current for one in found),
        failed=[one for one in found if one.failed],
        seeds=sorted({one.cell["seed"] for one in found}),
        people=sorted({one.cell["n_factuals"] for one in found}),
        data=_distinct(one.cell["data"] for one in found),
        methods=_distinct(one.cell["label"] for one in found),
        columns=MEASURES,
        legends=[LEGEND, FURTHER_LEGEND],
        link=link,
    )


def _allowed(text: str) -> str:
    """The digest by which a content security policy allows an inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _distinct(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in dict.fromkeys(values)]


def _ranked(comparison: Comparison) -> list[tuple[Configuration, dict[str, Any]]]:
    """The rows of a comparison's tables, the best Score first; rows without a Score come last."""
    rows = [(one, row) for one in comparison.configurations for row in one.figures.to_dict("records")]
    return sorted(rows, key=lambda pair: -pair[1]["Score"] if math.isfinite(pair[1]["Score"]) else math.inf)


def _columns_of(comparison: Comparison) -> list[dict[str, Column]]:
    """The columns of both tables, without those that have no figure."""
    figures = pd.concat([one.figures for one in comparison.configurations])
    return [
        {name: column for name, column in columns.items() if figures[name].notna().any()}
        for columns in (MAIN, FURTHER)
    ]


def _figure(row: Mapping[str, Any], name: str, digits: int) -> str:
    """Mean and deviation of a row's measure."""
    return mean_and_spread(row, name, digits)


def _arrow(figure: Figure) -> str:
    """The better direction as a sign."""
    return "↑" if figure.better == "higher" else "↓"


def _number(value: float) -> str:
    """What a column is sorted by; empty where there is nothing."""
    return repr(float(value)) if math.isfinite(value) else ""


def _shown(value: Any) -> str:
    """A value of a record: texts as they are, numbers short, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, ensure_ascii=False)

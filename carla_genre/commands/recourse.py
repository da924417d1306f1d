"""The command `carla-genre recourse`."""

from __future__ import annotations

import sys
from argparse import Namespace
from itertools import chain
from pathlib import Path
from typing import Any

from carla_genre.commands.settings import desired_in, given_constraints, read_settings
from carla_genre.datasets.names import as_names
from carla_genre.errors import InputError
from carla_genre.files.job import MANIFEST, Answered
from carla_genre.files.model import load_model
from carla_genre.files.table import files_of, open_table
from carla_genre.files.writing import Writer, check_apart, is_one_file, outputs_of
from carla_genre.io import check_writable, in_json
from carla_genre.recourse import Recourse
from carla_genre.recourse.decision import as_labels, is_interval
from carla_genre.recourse.saving import read_card

# People on one page, or in one JSON, are all in memory; for more there is a note.
MANY = 20_000
REASONS_SHOWN = 20


def recommend(options: Namespace) -> int:
    """Answer the people of files, and say how many have an option; 1 with ``--strict`` where somebody has none.

    Raises
    ------
    CarlaGenreError
        A file, an option or a setting is wrong.
    """
    if not (options.out or options.html or options.json):
        raise InputError(
            "nothing to write: say --out options.csv, --html options.html or --json options.json"
        )
    parts = options.out and not is_one_file(options.out)
    for path in (options.html, options.json, Path(options.out, MANIFEST) if parts else options.out):
        if path:
            check_writable(path)
    written = [*(outputs_of(options.out) if options.out else []), options.html, options.json]
    tables = [path for path in (options.people, options.table) if path]
    others = (options.generator, options.model, options.config)
    check_apart(filter(None, written), filter(None, [*tables, *chain(*map(files_of, tables)), *others]))
    settings = read_settings(options.config)
    constraints = [*settings.pop("constraints", []), *given_constraints(options)]
    model = load_model(options.model)
    recourse = Recourse.load(options.generator, model, _table(options))
    for name, given in settings.items():
        _check_as_learned(recourse, name, given, options)
    new = [one for one in constraints if one not in recourse.constraints_]  # a weight counts once
    asked = {"constraints": new, "diverse": options.diverse}
    if options.html or options.json:
        answered = _in_memory(recourse, options, asked)
    else:
        further = {"index": options.index, "workers": options.workers, "cluster": options.cluster}
        answered = recourse.recommend_files(options.people, options.out, options.n, **asked, **further)
    _tell(answered)
    return int(options.strict and answered.counts.unanswered > 0)


def _table(options: Namespace) -> Any:
    """The rows that the generator has learned from: as many as its card says."""
    if options.table is None:
        return None
    card = read_card(options.generator)
    rows = open_table(options.table).sample(card["rows"], card["arguments"].get("seed", 0))
    return rows.reset_index(drop=True)


def _check_as_learned(recourse: Recourse, name: str, given: Any, options: Namespace) -> None:
    """Raise InputError where a setting is another one than `fit` was given: only constraints can be new."""
    own = recourse.decision_.desired if name == "desired" else recourse.get_params()[name]
    if name == "desired":
        classifies = hasattr(recourse.classifier, "predict_proba")
        given = desired_in(recourse.table, recourse.target, given, classifies)
        same = given is None or (
            tuple(given) == tuple(own)
            if is_interval(given) and is_interval(own)
            else set(map(str, as_labels(given))) == set(map(str, as_labels(own)))
        )
    elif name in ("categorical", "continuous", "ignore"):
        same = as_names(given, name) == as_names(own, name)
    else:
        same = in_json(given or None) == in_json(own or None)
    if not same:
        raise InputError(
            f"{options.config}: {name} is {given!r}, and {options.generator} was learned with {own!r}: leave it out, "
            "or learn anew with `carla-genre fit`"
        )


def _in_memory(recourse: Recourse, options: Namespace, asked: dict[str, Any]) -> Answered:
    """All people at once, for a page or a JSON of them."""
    if options.workers != 1 or options.cluster or (options.out and not is_one_file(options.out)):
        raise InputError(
            "--html and --json are of all people at once: leave out --workers and --cluster, and let --out be a file"
        )
    people = open_table(options.people).with_index(options.index, recourse.codec_.features())
    if people.rows > MANY:
        print(f"--html and --json hold all {people.rows:,} people in memory; --out does not", file=sys.stderr)
    frame, own = people.read_all()
    found = recourse.recommend(frame, options.n, **asked)
    if options.out:
        Writer(people).write(found, own, options.out)
    if options.html:
        found.to_html(options.html)
    if options.json:
        found.to_json(options.json)
    return Answered.of(found)


def _tell(answered: Answered) -> None:
    counts, reasons = answered
    print(
        f"{sum(counts):,} people: {counts.answered:,} have options, {counts.accepted:,} are accepted already, "
        f"{counts.unanswered:,} have none"
    )
    most = sorted(reasons.items(), key=lambda item: -item[1][0])
    for reason, (n, whose) in most[:REASONS_SHOWN]:
        some = ", ".join(whose) + (", ..." if n > len(whose) else "")
        print(f"{n:,} without an option ({some}): {reason}", file=sys.stderr)
    if len(most) > REASONS_SHOWN:
        print(f"and {len(most) - REASONS_SHOWN} further reasons", file=sys.stderr)

"""The training table: its features, its outcome as desired or not, and its rows as GenRe learns from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn.metrics import roc_auc_score

from carla_genre.constraints import Constraint, Freeze, OneWay
from carla_genre.datasets.names import as_names, check_known, whole_number
from carla_genre.datasets.table import Note
from carla_genre.datasets.target import binary_labels
from carla_genre.errors import InputError
from carla_genre.frames import is_gap
from carla_genre.recourse.codec import TableCodec
from carla_genre.recourse.columns import NumberColumn
from carla_genre.recourse.decision import Decision, as_labels, is_interval
from carla_genre.recourse.model import EncodedTable, Rows, check_beside, trained_columns
from carla_genre.selection.surrogate import NEIGHBOURS

LABEL = "(desired outcome)"
# A number further from the middle of its column than so many cost units is left out of the learning.
FAR_OUT = 10.0
# Of so many rows it is seen whether the classifier's own decision is another one.
ROWS_PREDICTED = 1000


def read_table(table: Any, target: str, classifier: Any, ignore: str | Iterable[str], note: Note) -> Rows:
    """The rows of the table that have an outcome.

    Parameters
    ----------
    table : DataFrame
    target : str
    classifier : object
        What it was trained on are the features; if it does not say so, every column but the target is one.
    ignore : list of str
        These are no features.
    note : callable

    Raises
    ------
    InputError
        The table is no frame, or lacks a column.
    """
    if not isinstance(table, pd.DataFrame):
        raise InputError(f"table must be a DataFrame, got {type(table).__name__}")
    unnamed = [name for name in table.columns if not isinstance(name, str)]
    if unnamed:
        raise InputError(
            f"the table has columns that are not called by a text, {unnamed[:3]}: rename them, and train the "
            "classifier on the same"
        )
    check_known([target], "target", table.columns)
    twice = table.columns[table.columns.duplicated()].unique().tolist()
    if twice:
        raise InputError(f"the table has two columns of one name, {twice[:3]}: rename or drop one of them")
    names = trained_columns(classifier, table)
    wanted = table.columns.tolist() if names is None else names
    absent = [name for name in wanted if name not in table.columns]
    if absent:
        raise InputError(f"table lacks the columns {absent}, which the classifier was trained on")
    if names is not None and target in wanted:
        raise InputError(
            f"the classifier was trained on the target {target!r}: train it on the other columns alone"
        )
    ignored = as_names(ignore, "ignore")
    check_known(ignored, "ignore", table.columns)
    known = table[target].notna()
    if not known.all():
        note(f"{int((~known).sum())} rows have no {target!r} and are left out")
    rows = table[known].reset_index(drop=True)
    features = [name for name in wanted if name not in (target, *ignored)]
    if not features or not len(rows):
        raise InputError(
            f"the table has no {'rows with' if features else 'column besides the target'} {target!r}"
        )
    _check_labels(rows[target])
    beside = [] if names is None else [name for name in names if name in ignored]
    return Rows(rows[features], rows[target], names, rows[beside], table.loc[~known.to_numpy(), features])


def _check_labels(outcome: pd.Series) -> None:
    """Raise InputError where a target's cells can be no labels."""
    try:
        outcome.nunique()
    except (TypeError, NotImplementedError) as error:  # lists and the like, pyarrow's too
        raise InputError(
            f"target {outcome.name!r} holds {type(outcome.iloc[0]).__name__}, as {outcome.iloc[0]!r}: labels or "
            "numbers are wanted"
        ) from error


def desired_outcome(outcome: pd.Series, desired: Any, note: Note) -> Any:
    """The label, labels or interval that recourse aims at; it is told in any case.

    Raises
    ------
    InputError
        The target has no such label, or all of its rows have it, or none.
    """
    if desired is None:
        if outcome.nunique() > 2:
            raise InputError(
                f"target {outcome.name!r} has {outcome.nunique()} values: say which recourse aims at, desired= a "
                "label, a set of labels, or (low, high) for a regressor"
            )
        said = list[str]()
        labels = binary_labels(outcome, None, said.append, "desired")
        desired = outcome[labels == 1].tolist()[0]
        note(f"recourse aims at {outcome.name} = {desired!r} ({said[-1].rpartition(' (')[2]}")
        return desired
    if is_interval(desired):
        if not types.is_numeric_dtype(outcome):
            raise InputError(
                f"desired={desired!r} is a range of numbers, target {outcome.name!r} is {outcome.dtype}: give one of "
                f"its labels, {outcome.unique().tolist()[:10]}, or a set of them"
            )
        if not desired[0] < desired[1]:
            raise InputError(f"desired={desired!r}: expected (low, high)")
    else:
        known, wanted = outcome.unique().tolist(), as_labels(desired)
        if not wanted or any(is_gap(label) or label not in known for label in wanted):
            raise InputError(
                f"desired={desired!r}: target {outcome.name!r} has {known[:10]}; for a regressor, a tuple (low, high)"
            )
    labels = labels_of(outcome, desired)
    if labels.all() or not labels.any():
        raise InputError(
            f"desired={desired!r} is the outcome of {'every' if labels.all() else 'no'} row of table"
        )
    note(f"recourse aims at {outcome.name} = {desired!r}")
    return desired


def labels_of(outcome: pd.Series, desired: Any) -> np.ndarray:
    """1 where an outcome is desired, else 0, (n,)."""
    wanted = outcome.between(*desired) if is_interval(desired) else outcome.isin(as_labels(desired))
    labels: np.ndarray = wanted.to_numpy().astype(int)
    return labels


def decision_of(classifier: Any, rows: Rows, desired: Any, threshold: float) -> Decision:
    """The classifier's decision about the desired outcome of rows like these."""
    outcome = rows.outcome
    labels = sorted(outcome.unique().tolist(), key=lambda label: (type(label).__name__, label))
    spread = float(np.subtract(*np.quantile(outcome, [0.95, 0.05]))) / 10 if is_interval(desired) else 1.0
    decision = Decision(
        classifier, desired, threshold, labels, spread or 1.0, rows.columns, rows.beside.head(1)
    )
    check_beside(decision, rows.features, rows.beside)
    return decision


def check_enough(labels: np.ndarray, target: str, desired: Any) -> None:
    """Whether the rows that are learned from show what is plausible.

    Raises
    ------
    InputError
        Too few of them have the desired outcome, or all have it.
    """
    enough, found = NEIGHBOURS + 1, int(labels.sum())
    if found < enough or labels.all():
        wanted = f"at least {enough} rows whose {target!r} is {desired!r}, and a row of another outcome"
        raise InputError(
            f"table needs {wanted}, to show what is plausible: {found} of the {len(labels)} rows that are learned from "
            "have it; add rows, or give held_out=0"
        )


def check_order(decision: Decision, features: pd.DataFrame, labels: np.ndarray) -> np.ndarray:
    """H of the training rows, (n,); a classifier that ranks them worse than chance is refused.

    Raises
    ------
    InputError
        It does, or says the same of every row.
    """
    h = decision(features)
    if (h == h[0]).all():
        raise InputError(f"the classifier says {h[0]:g} for every row of table")
    auc = roc_auc_score(labels, h)
    if auc < 0.5:
        raise InputError(
            f"the classifier contradicts the table: it ranks rows of the desired outcome below the others (AUC "
            f"{auc:.2f}). Is desired= the outcome that people want, and are the classes in order?"
        )
    return h


def note_other_decision(decision: Decision, features: pd.DataFrame, h: np.ndarray, note: Note) -> None:
    """Say so where the classifier's own ``predict`` decides otherwise than ``threshold``, but for ties."""
    some = slice(0, ROWS_PREDICTED)
    named = decision.predicts(features[some])
    if named is None or decision.threshold != 0.5:
        return
    other = int(((named != (h[some] > 0.5)) & (np.abs(h[some] - 0.5) > 1e-6)).sum())
    if other:
        own = getattr(decision.classifier, "best_threshold_", getattr(decision.classifier, "threshold", None))
        way_out = (
            f"threshold={own:g} is the classifier's own"
            if isinstance(own, float)
            else "threshold= changes it"
        )
        note(
            f"predict decides otherwise than predict_proba about {other} of {len(named)} rows: an option is a row "
            f"whose probability is above threshold=0.5; {way_out}"
        )


def without_far_rows(
    features: pd.DataFrame, categorical: Sequence[str], robust: bool, note: Note
) -> np.ndarray:
    """Which rows are learned from, bool (n,): a number far from all others is most likely mistyped."""
    kept = np.ones(len(features), bool)
    for name in features.columns:
        if name in categorical:
            continue
        values, _ = NumberColumn.fit(features[name], robust).read(features[name])
        values[features[name].isna().to_numpy()] = np.nan  # a gap is far from nothing
        far = np.abs(values - np.nanmedian(values)) > FAR_OUT
        if far.any():
            note(
                f"column {name!r}: {int(far.sum())} rows are left out, they lie far from all others "
                f"({features[name][far].iloc[0]:g})"
            )
            kept &= ~far
    return kept


def rows_apart(n: int, held_out: int | None, seed: int) -> np.ndarray:
    """Which of n rows are kept from the learning, drawn evenly, bool (n,); None is one of twenty, at most 200.

    Raises
    ------
    InputError
        ``held_out`` is no number of rows, or more than half of them; or ``seed`` is no seed.
    """
    seed = whole_number(seed, "seed", high=2**63 - 1)
    given: Any = min(n // 20, 200) if held_out is None else held_out
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or not 0 <= given <= n // 2:
        raise InputError(f"held_out={given!r}: a whole number of rows is wanted, at most half of {n}")
    apart = np.zeros(n, bool)
    apart[np.random.default_rng([seed, n]).permutation(n)[:given]] = True
    return apart


def frozen_names(constraints: Iterable[Constraint], names: Iterable[str]) -> set[str]:
    """The features that stay as they are."""
    return {name for one in constraints if isinstance(one, Freeze) for name in one.frozen(names)}


def encoded_table(
    codec: TableCodec,
    features: pd.DataFrame,
    labels: np.ndarray,
    constraints: Sequence[Constraint],
    others: pd.DataFrame,
) -> EncodedTable:
    """The rows, encoded, with what the generator can learn of the constraints from the start.

    ``others`` (m, D) are rows of the table that are not learned from.
    """
    names, rules = list(codec.names), dict[str, dict[str, Any]]()
    for name, column in codec.columns.items():
        if isinstance(column, NumberColumn) and column.gap is not None:
            low, high = column.encode(np.array([column.low, column.high]))
            rules[name] = {"range": (float(low), float(high))}
    for constraint in constraints:
        if isinstance(constraint, OneWay) and isinstance(codec.columns[constraint.feature], NumberColumn):
            way = "increase" if constraint.direction == "up" else "decrease"
            rules.setdefault(constraint.feature, {})["direction"] = way
    frozen = frozen_names(constraints, names)
    for name, column in codec.columns.items():
        if isinstance(column, NumberColumn) and column.low == column.high and column.gap is None:
            frozen.add(name)  # the table has one number alone: nobody knows what another one does
    numbers = [name for name in names if isinstance(codec.columns[name], NumberColumn)]
    frame = pd.DataFrame(codec.encode(features)[0], columns=names).assign(**{LABEL: labels})
    levels = [name for name in names if name not in numbers]
    values, reasons = codec.encode(others)
    unlearned = pd.DataFrame(values[reasons == ""], columns=names)
    immutable = [name for name in names if name in frozen]
    return EncodedTable(frame, LABEL, numbers, levels, immutable, rules, unlearned=unlearned)

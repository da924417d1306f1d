"""The practitioner's door: a classifier and its table in, options in the table's own units out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from carla_genre.constraints import Constraint, Freeze, OneWay
from carla_genre.constraints.checking import check_constraints
from carla_genre.datasets.names import as_names, check_known
from carla_genre.datasets.target import binary_labels
from carla_genre.errors import InputError
from carla_genre.methods.genre.method import GenRe
from carla_genre.recourse.codec import TableCodec, feature_roles
from carla_genre.recourse.columns import NumberColumn
from carla_genre.recourse.decision import Decision, as_labels, is_interval
from carla_genre.recourse.found import Recommendations
from carla_genre.recourse.model import EncodedTable, RawModel
from carla_genre.recourse.recommending import Recommender

LABEL = "desired outcome"
# A number further from the middle of its column than so many cost units is left out of the learning.
FAR_OUT = 10.0
PersonConstraints = Mapping[Any, Iterable[Constraint]] | pd.DataFrame


class Recourse:
    """Options for people whom a classifier refuses, learned from its training table.

    Parameters
    ----------
    classifier : object
        Trained on rows as ``table`` has them: anything with ``predict_proba`` (a scikit-learn pipeline, xgboost,
        LightGBM, CatBoost), a function of a frame that gives the probability of the desired outcome, or a regressor.
    table : DataFrame (n, any)
        Training rows in original units with the target column. Where the classifier has ``feature_names_in_``, these
        columns are the features, else all others are. A feature may have gaps if the classifier can take them.
    target : str
        The column of the outcome.
    desired : object, optional
        The label that people want; a set of labels; for a regressor (low, high). Without it, the obvious one of two.
    constraints : list of Constraint
        What every answer keeps (:mod:`carla_genre.constraints`). What is frozen here need not be learned.
    threshold : float
        The classifier accepts above it.
    categorical, continuous : list of str, optional
        What these columns are; the others are guessed.
    ignore : list of str
        Columns that are no features.
    scale : {"robust", "range"}
        A cost unit of a number: the distance of its 1 % and 99 % quantiles, or its whole range (as CARLA has it).
    seed : int
        Same seed, same answers.
    verbose : bool
        Show what was guessed, and progress, on stderr.
    hyperparams : mapping, optional
        Of :class:`carla_genre.GenRe`.

    Attributes
    ----------
    genre_ : GenRe
        The trained method.
    codec_ : TableCodec
        The table's columns.
    feature_names_in_ : list of str
        The features.
    constraints_ : tuple of Constraint
    notes_ : tuple of str
        What was guessed or left out.

    Raises
    ------
    InputError
        The table, the classifier or a constraint cannot be used; the message names the column and the way out.

    Notes
    -----
    GenRe, "From Search to Sampling", ICLR 2025. An answer is the person's own row in which the changed cells alone
    are new; the classifier has accepted exactly that row.

    Examples
    --------
    >>> recourse = Recourse(pipeline, table, target="approved", desired="yes")  # doctest: +SKIP
    >>> recourse.recommend(refused, n=3, constraints=[AtMost(2)]).changes  # doctest: +SKIP
    """

    def __init__(
        self,
        classifier: Any,
        table: pd.DataFrame,
        target: str,
        desired: Any = None,
        *,
        constraints: Iterable[Constraint] = (),
        threshold: float = 0.5,
        categorical: str | Iterable[str] | None = None,
        continuous: str | Iterable[str] | None = None,
        ignore: str | Iterable[str] = (),
        scale: str = "robust",
        seed: int = 0,
        verbose: bool = True,
        hyperparams: Mapping[str, Any] | None = None,
    ) -> None:
        self.classifier, self.target, self.desired, self.threshold = classifier, target, desired, threshold
        self.constraints, self.categorical, self.continuous, self.ignore = constraints, categorical, continuous, ignore
        self.scale, self.seed, self.verbose, self.hyperparams = scale, seed, verbose, hyperparams
        self.notes_: tuple[str, ...] = ()
        if scale not in ("robust", "range"):
            raise InputError(f"scale={scale!r}: expected 'robust' or 'range'")
        features, outcome = self._read(table)
        good = self._desired(outcome)
        self.decision_ = self._decision(outcome, good)
        labels = self._labels(outcome, good)
        roles = feature_roles(
            features.assign(**{LABEL: labels}), LABEL, categorical, continuous, self._note
        )
        self.codec_ = TableCodec.fit(features, roles.categorical, scale == "robust")
        self.feature_names_in_ = list(self.codec_.names)
        self._dtypes = features.dtypes
        self.constraints_ = check_constraints(constraints, self.codec_.variables(), features.head(0))
        self._check_order(features, labels)
        model = RawModel(self._encoded(features, labels), self.codec_, self.decision_)
        given = {"seed": seed, "verbose": verbose, **(hyperparams or {})}
        self.genre_ = GenRe(model, given)

    def recommend(
        self,
        people: pd.DataFrame,
        n: int = 1,
        *,
        constraints: Constraint | Iterable[Constraint] = (),
        by_person: PersonConstraints | None = None,
        diverse: bool = False,
    ) -> Recommendations:
        """Up to ``n`` options for each person.

        Parameters
        ----------
        people : DataFrame (B, any)
            Rows in original units; any index, and any further columns, which stay as they are.
        n : int
            How many different options are wanted.
        constraints : list of Constraint
            On top of those that this was built with. Nothing is trained for them.
        by_person : mapping or DataFrame, optional
            Index of a person -> further constraints of theirs; or a frame of bools, people by features, that is True
            where a feature may not change.
        diverse : bool
            Whether the options of a person should differ, rather than be the best ones.

        Returns
        -------
        Recommendations
            The options, and a reason for everyone who has none.

        Raises
        ------
        InputError
            A column is missing, a constraint is wrong, or ``by_person`` names somebody who is not there.
        """
        if not isinstance(people, pd.DataFrame):
            raise InputError(f"people must be a DataFrame, got {type(people).__name__}")
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
            raise InputError(f"n={n!r}: a whole number from 1 is wanted")
        further = check_constraints(constraints, self.codec_.variables(), people.head(0))
        each = self._by_person(people, by_person)
        recommender = Recommender(self.genre_, self.codec_, self.decision_)
        return recommender.recommend(people, int(n), (*self.constraints_, *further), each, diverse)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments, but for the table, as scikit-learn has them."""
        names = ("classifier", "target", "desired", "constraints", "threshold", "categorical", "continuous", "ignore")
        return {name: getattr(self, name) for name in (*names, "scale", "seed", "verbose", "hyperparams")}

    def __repr__(self) -> str:
        held = f", constraints={list(self.constraints_)}" if self.constraints_ else ""
        return f"Recourse({type(self.classifier).__name__}, target={self.target!r}, desired={self.desired!r}{held})"

    def _note(self, text: str) -> None:
        self.notes_ = (*self.notes_, text)
        if self.verbose:
            print(f"carla_genre: {text}", file=sys.stderr)

    def _read(self, table: Any) -> tuple[pd.DataFrame, pd.Series]:
        """The features' columns and the outcome, of the rows that have one."""
        if not isinstance(table, pd.DataFrame):
            raise InputError(f"table must be a DataFrame, got {type(table).__name__}")
        check_known([self.target], "target", table.columns)
        names = getattr(self.classifier, "feature_names_in_", None)
        if names is not None:
            absent = [str(name) for name in names if name not in table.columns]
            if absent:
                raise InputError(f"table lacks the columns {absent}, which the classifier was trained on")
        ignored = as_names(self.ignore, "ignore")
        check_known(ignored, "ignore", table.columns)
        features = [str(n) for n in (table.columns if names is None else names) if n not in (self.target, *ignored)]
        known = table[self.target].notna()
        if not known.all():
            self._note(f"{int((~known).sum())} rows have no {self.target!r} and are left out")
        return table.loc[known, features].reset_index(drop=True), table.loc[known, self.target].reset_index(drop=True)

    def _desired(self, outcome: pd.Series) -> Any:
        if self.desired is None:
            labels = binary_labels(outcome, None, self._note)
            return outcome[labels == 1].iloc[0]
        if is_interval(self.desired):
            low, high = self.desired  # type: ignore[misc]
            if not low < high:
                raise InputError(f"desired={self.desired!r}: expected (low, high)")
        else:
            known = outcome.unique().tolist()
            wrong = [label for label in as_labels(self.desired) if label not in known]
            if wrong or not as_labels(self.desired):
                raise InputError(f"desired={self.desired!r}: target {self.target!r} has {known[:10]}")
        self._note(f"recourse aims at {self.target} = {self.desired!r}")
        return self.desired

    def _decision(self, outcome: pd.Series, good: Any) -> Decision:
        labels = sorted(outcome.unique().tolist(), key=lambda label: (type(label).__name__, label))
        spread = float(np.subtract(*np.quantile(outcome, [0.95, 0.05]))) / 10 if is_interval(good) else 1.0
        return Decision(self.classifier, good, self.threshold, labels, spread or 1.0)

    def _labels(self, outcome: pd.Series, good: Any) -> np.ndarray:
        wanted = outcome.between(*good) if is_interval(good) else outcome.isin(as_labels(good))
        if wanted.all() or not wanted.any():
            raise InputError(f"desired={good!r} is the outcome of {'every' if wanted.all() else 'no'} row of table")
        return wanted.to_numpy().astype(int)

    def _check_order(self, features: pd.DataFrame, labels: np.ndarray) -> None:
        """Refuse a classifier that ranks the training rows worse than chance."""
        h = self.decision_(features)
        if (h == h[0]).all():
            raise InputError(f"the classifier says {h[0]:g} for every row of table")
        auc = roc_auc_score(labels, h)
        if auc < 0.5:
            raise InputError(
                f"the classifier contradicts the table: it ranks rows of {self.target} = {self.desired!r} below the "
                f"others (AUC {auc:.2f}). Is desired= the outcome that people want, and are the classes in order?"
            )

    def _encoded(self, features: pd.DataFrame, labels: np.ndarray) -> EncodedTable:
        values, reasons = self.codec_.encode(features)
        numbers = [isinstance(column, NumberColumn) for column in self.codec_.columns.values()]
        usable, constraints = reasons == "", dict[str, dict[str, Any]]()
        for position, (name, column) in enumerate(self.codec_.columns.items()):
            if not isinstance(column, NumberColumn):
                continue
            middle = np.median(values[:, position])
            far = np.abs(values[:, position] - middle) > FAR_OUT
            if far.any():
                self._note(
                    f"column {name!r}: {int(far.sum())} rows are left out, they lie far from all others "
                    f"({features[name][far].iloc[0]:g})"
                )
                usable &= ~far
            if column.gap is not None:
                ends = column.encode(np.array([column.low, column.high]))
                constraints[name] = {"range": (float(ends[0]), float(ends[1]))}
        for constraint in self.constraints_:  # what the generator can learn from the start
            if isinstance(constraint, OneWay) and constraint.order is None:
                way = "increase" if constraint.direction == "up" else "decrease"
                constraints.setdefault(constraint.feature, {})["direction"] = way
        frozen = {p for c in self.constraints_ if isinstance(c, Freeze) for p in self._frozen(c)}
        frame = pd.DataFrame(values[usable], columns=list(self.codec_.names))
        names = list(self.codec_.names)
        return EncodedTable(
            frame.assign(**{LABEL: labels[usable]}),
            LABEL,
            [name for name, number in zip(names, numbers, strict=True) if number],
            [name for name, number in zip(names, numbers, strict=True) if not number],
            [name for position, name in enumerate(names) if position in frozen],
            constraints,
        )

    def _frozen(self, constraint: Freeze) -> list[int]:
        named = set(constraint.only or constraint.features)
        return [p for p, name in enumerate(self.codec_.names) if (name in named) == (constraint.only is None)]

    def _by_person(self, people: pd.DataFrame, given: PersonConstraints | None) -> list[tuple[Constraint, ...]]:
        """The further constraints of each person, by the label of their row."""
        none: list[tuple[Constraint, ...]] = [()] * len(people)
        if given is None:
            return none
        if not people.index.is_unique:
            raise InputError("by_person= speaks of people by their index, which has repeats: reset_index() first")
        unknown = [label for label in (given.index if isinstance(given, pd.DataFrame) else given) if label not in people.index]
        if unknown:
            raise InputError(f"by_person= names {unknown[:3]}, who are not among the people")
        if isinstance(given, pd.DataFrame):
            check_known(list(given.columns), "by_person", self.codec_.names)
            if not all(pd.api.types.is_bool_dtype(kind) for kind in given.dtypes):
                raise InputError("by_person= as a frame holds bools: True where a feature may not change")
            given = {
                label: [Freeze(*[str(name) for name in given.columns[row]])] if row.any() else []
                for label, row in zip(given.index, given.to_numpy(), strict=True)
            }
        places = {label: place for place, label in enumerate(people.index)}
        for label, constraints in given.items():
            none[places[label]] = check_constraints(constraints, self.codec_.variables(), people.head(0))
        return none



"""The practitioner's door: a classifier and its table in, options in the table's own units out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from carla_genre.constraints import Constraint
from carla_genre.constraints.checking import check_constraints, check_ranges
from carla_genre.datasets.infer import personal_names
from carla_genre.datasets.names import as_names, whole_number
from carla_genre.errors import InputError
from carla_genre.methods.genre.method import GenRe
from carla_genre.recourse import plots
from carla_genre.recourse.by_files import AnswersFiles
from carla_genre.recourse.by_person import PersonConstraints, constraints_by_person
from carla_genre.recourse.codec import TableCodec, feature_roles
from carla_genre.recourse.model import RawModel, check_hyperparams
from carla_genre.recourse.reasons import check_both_sides
from carla_genre.recourse.recommendations import Recommendations
from carla_genre.recourse.recommending import Recommender
from carla_genre.recourse.saving import GENERATOR, KeptInFolders
from carla_genre.recourse.training_table import (
    LABEL,
    check_enough,
    check_order,
    decision_of,
    desired_outcome,
    encoded_table,
    frozen_names,
    labels_of,
    note_other_decision,
    read_table,
    rows_apart,
    without_far_rows,
)


class Recourse(AnswersFiles, KeptInFolders):
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
        Columns that are no features. A classifier that was trained on one may make nothing of it.
    scale : {"robust", "range"}
        A cost unit of a number: the distance of its 1 % and 99 % quantiles, or its whole range (as CARLA has it).
    held_out : int, optional
        How many rows are kept from the learning: :attr:`card_` has what was measured on those that are refused. One of
        twenty, and at most 200, if it is not said.
    seed : int
        Same seed, same answers.
    verbose : bool
        Show what was guessed, and progress, on stderr.
    hyperparams : mapping, optional
        Of :class:`carla_genre.GenRe`.
    saved : path, optional
        A folder of :meth:`save`, which :meth:`load` has read: nothing is trained.

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
        held_out: int | None = None,
        seed: int = 0,
        verbose: bool = True,
        hyperparams: Mapping[str, Any] | None = None,
        saved: str | os.PathLike[str] | None = None,
    ) -> None:
        self.classifier, self.target, self.desired, self.threshold = classifier, target, desired, threshold
        if isinstance(constraints, Iterator):
            constraints = list(constraints)  # they are read again for a clone
        ignore = as_names(ignore, "ignore")
        categorical = categorical if categorical is None else as_names(categorical, "categorical")
        continuous = continuous if continuous is None else as_names(continuous, "continuous")
        self.constraints, self.ignore, self.categorical = constraints, ignore, categorical
        self.continuous, self.scale, self.seed = continuous, scale, seed
        self.verbose, self.hyperparams, self.held_out = verbose, hyperparams, held_out
        if scale not in ("robust", "range"):
            raise InputError(f"scale={scale!r}: expected 'robust' or 'range'")
        check_hyperparams(hyperparams, None if saved else seed)
        self.notes_: tuple[str, ...] = ()
        self._card = None
        features, outcome, *_ = read = read_table(table, target, classifier, ignore, self._note)
        self.table, self._columns = table, table.columns  # the caller may add columns later
        good = desired_outcome(outcome, desired, self._note)
        labels = labels_of(outcome, good)
        self.decision_ = decision_of(classifier, read, good, threshold)
        levels = feature_roles(
            features.assign(**{LABEL: labels}), LABEL, categorical, continuous, self._keep_note
        ).categorical
        kept = without_far_rows(features, levels, scale == "robust", self._note)
        kept &= ~(apart := rows_apart(len(kept), held_out, seed))
        self._people_apart = features[apart]
        others, features, labels = features[~kept], features[kept].reset_index(drop=True), labels[kept]
        check_enough(labels, target, good)
        h = check_order(self.decision_, features, labels)
        check_both_sides(self.decision_, labels, h)
        note_other_decision(self.decision_, features, h, self._note)
        self.codec_ = TableCodec.fit(features, levels, scale == "robust")
        self.feature_names_in_ = list(self.codec_.names)
        self.constraints_ = check_constraints(constraints, self.codec_.variables(), features.head(0))
        check_ranges(self.constraints_, self.codec_.variables())
        fixed = frozen_names(self.constraints_, features)
        if fixed >= set(self.codec_.names):
            raise InputError(
                "constraints freeze every feature: leave one out, for nobody could be told anything"
            )
        free = [name for name in personal_names(self.codec_.names) if name not in fixed]
        if free:
            frozen = f"Freeze({', '.join(map(repr, free))})"
            self._note(f"recourse may change {free}; {frozen} keeps them as they are")
        others = pd.concat([others, read.unlabelled])
        rows = encoded_table(self.codec_, features, labels, self.constraints_, others)
        self._accepted = rows.df.to_numpy()[h > 0.5, :-1]
        given = {"seed": seed, "verbose": verbose, "calibrate": True, **(hyperparams or {})}
        model = RawModel(rows, self.codec_, self.decision_)
        self.genre_ = GenRe(model, given) if saved is None else GenRe.load(Path(saved) / GENERATOR, model)
        if saved is None and self.genre_.gamma == 0.5:
            self._note(
                "the classifier is sure of few rows, or of nearly all of them: all that it accepts are learned from"
            )

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
            raise InputError(
                f"people must be a DataFrame, got {type(people).__name__}: people.loc[[label]] is one person, "
                "pd.DataFrame(rows) makes one of a list"
            )
        n = whole_number(n, "n", low=1)
        held = self._held(people, constraints)
        each = constraints_by_person(people, by_person, self.codec_.variables(), held)
        return self._recommender.recommend(people, n, held, each, diverse)

    def candidates(
        self, person: pd.DataFrame, n: int = 1, *, constraints: Constraint | Iterable[Constraint] = ()
    ) -> pd.DataFrame:
        """What was drawn for one person, to see why the answer is what it is.

        Parameters
        ----------
        person : DataFrame (1, any)
        n, constraints
            As for :meth:`recommend`.

        Returns
        -------
        DataFrame (N + options, features + 6)
            A row each candidate, then the options: the features in original units, ``h``, ``cost``, ``valid``,
            ``inlier``, ``changes``, and ``state``: "refused by a constraint", "refused by the classifier",
            "accepted", or "chosen". An option is a candidate less the changes that it can do without.

        Raises
        ------
        InputError
            It is not one person, or the row cannot be read.
        """
        if not isinstance(person, pd.DataFrame) or len(person) != 1:
            raise InputError("person: a DataFrame of one row is wanted, people.loc[[label]]")
        n = whole_number(n, "n", low=1)
        return self._recommender.candidates(person, self._held(person, constraints), n)

    def plot_candidates(self, person: pd.DataFrame, n: int = 1, **constraints: Any) -> Any:
        """:meth:`candidates` in the plane of cost and P(valid). A matplotlib Figure."""
        return plots.plot_candidates(self.candidates(person, n, **constraints))

    def plot_training(self) -> Any:
        """The generator's losses by step. A matplotlib Figure; an InputError where it was loaded."""
        return plots.plot_training(self.genre_.history)

    def _held(
        self, people: pd.DataFrame, constraints: Constraint | Iterable[Constraint]
    ) -> tuple[Constraint, ...]:
        self.codec_.check_columns(people)
        variables = self.codec_.variables()
        further = check_constraints(constraints, variables, people.head(0), self.constraints_)
        check_ranges(further, variables)
        return (*self.constraints_, *further)

    @property
    def _recommender(self) -> Recommender:
        return Recommender(self.genre_, self.codec_, self.decision_, self._accepted)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "classifier"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.classifier = self.decision_.classifier

    def __repr__(self) -> str:
        held = f", constraints={list(self.constraints_)}" if self.constraints_ else ""
        return f"Recourse({type(self.classifier).__name__}, target={self.target!r}, desired={self.desired!r}{held})"

    def _keep_note(self, text: str) -> None:
        self.notes_ = (*self.notes_, text)

    def _note(self, text: str) -> None:
        self._keep_note(text)
        if self.verbose:
            print(f"carla_genre: {text}", file=sys.stderr)

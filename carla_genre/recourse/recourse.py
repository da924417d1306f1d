"""The practitioner's door: a classifier and its table in, options in the table's own units out."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from carla_genre.constraints import Constraint
from carla_genre.constraints.checking import check_constraints
from carla_genre.datasets.infer import personal_names
from carla_genre.datasets.names import check_known
from carla_genre.errors import InputError
from carla_genre.methods.genre.method import GenRe
from carla_genre.recourse.by_person import PersonConstraints, constraints_by_person
from carla_genre.recourse.codec import TableCodec, feature_roles
from carla_genre.recourse.model import RawModel
from carla_genre.recourse.recommendations import Recommendations
from carla_genre.recourse.recommending import Recommender
from carla_genre.recourse.saving import GENERATOR, read_card, training_table, write_card, write_table
from carla_genre.recourse.training_table import (
    LABEL,
    check_order,
    decision_of,
    desired_outcome,
    encoded_table,
    frozen_names,
    labels_of,
    read_table,
    without_far_rows,
)

if TYPE_CHECKING:
    from typing_extensions import Self


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
        seed: int = 0,
        verbose: bool = True,
        hyperparams: Mapping[str, Any] | None = None,
        saved: str | os.PathLike[str] | None = None,
    ) -> None:
        self.classifier, self.target, self.desired, self.threshold = classifier, target, desired, threshold
        self.constraints, self.categorical, self.continuous, self.ignore = (
            constraints,
            categorical,
            continuous,
            ignore,
        )
        self.scale, self.seed, self.verbose, self.hyperparams = scale, seed, verbose, hyperparams
        if scale not in ("robust", "range"):
            raise InputError(f"scale={scale!r}: expected 'robust' or 'range'")
        self.notes_: tuple[str, ...] = ()
        names = getattr(classifier, "feature_names_in_", None)
        features, outcome = read_table(table, target, names, ignore, self._note)
        self.table = table
        good = desired_outcome(outcome, desired, self._note)
        labels = labels_of(outcome, good)
        self.decision_ = decision_of(classifier, outcome, good, threshold)
        levels = feature_roles(
            features.assign(**{LABEL: labels}), LABEL, categorical, continuous, self._keep_note
        ).categorical
        kept = without_far_rows(features, levels, scale == "robust", self._note)
        features, labels = features[kept].reset_index(drop=True), labels[kept]
        accepted = check_order(self.decision_, features, labels)
        self.codec_ = TableCodec.fit(features, levels, scale == "robust")
        self.feature_names_in_ = list(self.codec_.names)
        self.constraints_ = check_constraints(constraints, self.codec_.variables(), features.head(0))
        free = [
            name
            for name in personal_names(self.codec_.names)
            if name not in frozen_names(self.constraints_, features)
        ]
        if free:
            self._note(
                f"recourse may change {free}; Freeze({', '.join(map(repr, free))}) keeps them as they are"
            )
        rows = encoded_table(self.codec_, features, labels, self.constraints_)
        self._accepted = rows.df.to_numpy()[accepted, :-1]
        given = {"seed": seed, "verbose": verbose, **(hyperparams or {})}
        model = RawModel(rows, self.codec_, self.decision_)
        self.genre_ = GenRe(model, given) if saved is None else GenRe.load(Path(saved) / GENERATOR, model)

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
        each = constraints_by_person(people, by_person, self.codec_.variables())
        recommender = Recommender(self.genre_, self.codec_, self.decision_, self._accepted)
        return recommender.recommend(people, int(n), (*self.constraints_, *further), each, diverse)

    def save(
        self,
        folder: str | os.PathLike[str],
        with_training_rows: bool = False,
        held_out: pd.DataFrame | None = None,
    ) -> None:
        """Write the trained generator and a card of what it is of.

        Parameters
        ----------
        folder : path
            It is made; files of an earlier save are replaced.
        with_training_rows : bool
            Whether the table is written too, so that :meth:`load` needs no table. Without it the folder holds
            nobody's row.
        held_out : DataFrame, optional
            People of whom the table knows nothing: the card says which share of them is answered, and at what cost.

        Raises
        ------
        InputError
            The folder cannot be written, or a constraint is a predicate of one's own.
        """
        measured = None if held_out is None else self.recommend(held_out)
        params = {**self.get_params(), "constraints": self.constraints_}
        del params["table"]
        write_card(folder, params, self.table, measured)
        self.genre_.save(Path(folder) / GENERATOR)
        if with_training_rows:
            write_table(folder, self.table)

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], classifier: Any, table: pd.DataFrame | None = None
    ) -> Recourse:
        """Read what :meth:`save` wrote, for the same classifier and table.

        Raises
        ------
        CheckpointError
            It is no such folder, or one of another classifier or table; the message says what differs.
        """
        card = read_card(folder)
        rows = training_table(folder, table, card)
        return cls(classifier, rows, **card["arguments"], saved=folder)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments, as scikit-learn has them."""
        arguments = list(inspect.signature(type(self)).parameters)
        return {name: getattr(self, name) for name in arguments if name != "saved"}

    def set_params(self, **params: Any) -> Self:
        """Build this again with other arguments; it is trained again.

        Raises
        ------
        InputError
            There is no such argument.
        """
        check_known(list(params), "set_params", self.get_params())
        self.__init__(**{**self.get_params(), **params})  # type: ignore[misc]
        return self

    def __sklearn_clone__(self) -> Self:
        return type(self)(**self.get_params())  # the classifier is the user's, and stays trained

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

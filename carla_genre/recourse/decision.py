"""A user's classifier as one number a row: above one half is what the person wants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.pickling import picklable

TABLE_ROWS = "rows as the table has them"


class Decision:
    """Asks a classifier about rows in original units.

    Parameters
    ----------
    classifier : object
        With ``predict_proba``; or a regressor, with ``predict`` and ``desired=(low, high)``; or a function of a frame
        that gives the probability of the desired outcome, (n,), or that of each class, (n, classes).
    desired : object
        A label, a set of labels, or (low, high) for a regressor.
    threshold : float
        A row is accepted above it.
    spread : float
        What a regressor's prediction must lie inside of (low, high) to be sure: a tenth of the target's own spread.
    labels : list
        The target's distinct values, sorted.
    columns : list of str, optional
        What the classifier was trained on, where it says so.
    beside : DataFrame (1, any), optional
        A cell of each of these that is no feature: rows that have none are given it.
    """

    def __init__(
        self,
        classifier: Any,
        desired: Any,
        threshold: float,
        labels: list[Any],
        spread: float = 1.0,
        columns: list[str] | None = None,
        beside: pd.DataFrame | None = None,
    ) -> None:
        given: Any = threshold
        if isinstance(given, bool) or not isinstance(given, Real) or not 0 < float(given) < 1:
            raise InputError(f"threshold={threshold!r}: expected a number between 0 and 1")
        self.classifier, self.desired, self.threshold, self.spread = classifier, desired, float(given), spread
        self.columns, self.beside = columns, pd.DataFrame() if beside is None else beside
        self.regression = is_interval(desired)
        if not any(hasattr(classifier, name) for name in ("predict_proba", "predict")) and not callable(
            classifier
        ):
            raise InputError(
                f"{type(classifier).__name__} is no classifier: it has no predict_proba and is no function of a frame"
            )
        if self.regression and hasattr(classifier, "predict_proba"):
            raise InputError(
                f"desired={desired!r} is a range for a regressor, {type(classifier).__name__} tells classes apart: "
                f"give those that are meant as a set, {{{desired[0]!r}, {desired[1]!r}}}"
            )
        if self.regression and threshold != 0.5:
            raise InputError(
                f"threshold={threshold!r} is for probabilities, desired={desired!r} for a regressor"
            )
        if (
            not self.regression
            and hasattr(classifier, "predict")
            and not hasattr(classifier, "predict_proba")
        ):
            raise InputError(
                f"{type(classifier).__name__} has no predict_proba: calibrate it (CalibratedClassifierCV), or, for a "
                "regressor, give desired=(low, high)"
            )
        self._places = None if self.regression else self._classes(labels)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "classifier": picklable(self.classifier, "the classifier")}

    def __call__(self, rows: pd.DataFrame) -> np.ndarray:
        """Rows (n, features) in original units -> (n,) in [0, 1]; above .5 where the classifier accepts."""
        return self.around_one_half(self.ask(rows))

    def ask(self, rows: pd.DataFrame) -> np.ndarray:
        """What the classifier says of rows (n, features): p(desired), or a regressor's prediction, (n,)."""
        if not len(rows):
            return np.empty(0)
        asked = self._own_frame(rows)
        question = getattr(
            self.classifier, "predict" if self.regression else "predict_proba", self.classifier
        )
        try:
            answer = question(asked)
        except Exception as error:  # a classifier may raise anything
            raise InputError(
                f"the classifier fails on {TABLE_ROWS}: {type(error).__name__}: {error}"
            ) from error
        probability = self._numbers(answer, len(rows))
        if self.regression:
            return probability
        if probability.ndim == 2:
            probability = self._of_desired(probability)
        none = (probability < 0) | (probability > 1 + 1e-5)
        if none.any():
            raise InputError(
                f"the classifier gives {probability[none][0]:g}: probabilities are wanted, from 0 to 1"
            )
        return probability

    def predicts(self, rows: pd.DataFrame) -> np.ndarray | None:
        """Whether ``predict`` names a desired class of two, bool (n,); None where the classifier has no such thing."""
        classes = np.asarray(getattr(self.classifier, "classes_", ()))
        if self._places is None or classes.shape != (2,) or not hasattr(self.classifier, "predict"):
            return None
        try:
            named = np.asarray(self.classifier.predict(self._own_frame(rows)))
            desired: np.ndarray = np.isin(named.reshape(len(rows)), classes[self._places])
            return desired
        except Exception:  # whatever it is, it is not asked about anything further
            return None

    def _own_frame(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows as a frame of the classifier's own: what it changes in it changes nothing else."""
        absent = [name for name in self.beside if name not in rows]
        if absent:
            cells = self.beside[absent].iloc[np.zeros(len(rows), int)]
            rows = pd.concat([rows, cells.set_axis(rows.index)], axis=1)
        return rows.copy() if self.columns is None else rows[self.columns].copy()

    def around_one_half(self, said: np.ndarray) -> np.ndarray:
        """What :meth:`ask` gives, (n,), in [0, 1], so that it is above .5 where a row is accepted."""
        if self.regression:
            return self._inside(said)
        t = self.threshold
        if t == 0.5:
            return said
        accepted = said > t
        return _exactly(np.where(accepted, 0.5 + (said - t) / (2 * (1 - t)), said / (2 * t)), accepted)

    def _numbers(self, answer: Any, n: int) -> np.ndarray:
        if hasattr(answer, "detach"):
            answer = answer.detach().cpu()
        try:
            numbers = np.asarray(answer, dtype=float)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"the classifier gives no numbers ({error}): probabilities are wanted"
            ) from error
        if numbers.ndim == 2 and numbers.shape[1] == 1:
            numbers = numbers[:, 0]
        if numbers.shape[:1] != (n,) or numbers.ndim > 2:
            raise InputError(
                f"the classifier was asked about {n} rows and gave an array of shape {numbers.shape}"
            )
        known: np.ndarray = np.nan_to_num(numbers, nan=np.nan if self.regression else 0.0)
        return known

    def _classes(self, labels: list[Any]) -> list[int] | None:
        """Which of the classifier's columns are desired; None where it does not name its classes."""
        wanted = as_labels(self.desired)
        classes = getattr(self.classifier, "classes_", None)
        if classes is None:
            classes = labels
        classes = list(np.asarray(classes).tolist())
        numbered = classes == list(range(len(labels)))
        if numbered and any(label not in classes for label in labels):  # as a LabelEncoder numbers them
            return [labels.index(label) for label in wanted]
        if all(label in classes for label in wanted):
            return [classes.index(label) for label in wanted]
        raise InputError(f"desired={self.desired!r} is no class of the classifier, which has {classes}")

    def _of_desired(self, probability: np.ndarray) -> np.ndarray:
        places = self._places or []
        if max(places) >= probability.shape[1]:
            raise InputError(
                f"the classifier gives {probability.shape[1]} columns, and the desired class is number {max(places)}"
            )
        return probability[:, places].sum(axis=1) if len(places) > 1 else probability[:, places[0]]

    def _inside(self, predicted: np.ndarray) -> np.ndarray:
        """How far predictions are inside of (low, high): .5 at its ends, 1 and 0 from ``spread`` on; 0 for NaN."""
        low, high = self.desired
        margin = np.nan_to_num(np.minimum(predicted - low, high - predicted), nan=-np.inf)
        width = min(self.spread, (high - low) / 2 or self.spread)
        return _exactly(0.5 + 0.5 * np.clip(margin / width, -1, 1), margin >= 0)


def is_interval(desired: Any) -> bool:
    """Whether ``desired`` is (low, high), what a regressor is asked for."""
    return (
        isinstance(desired, tuple)
        and len(desired) == 2
        and all(isinstance(end, Real) and not isinstance(end, bool) for end in desired)
    )


def as_interval(ends: Sequence[float | None]) -> tuple[float, float]:
    """(low, high) of two ends as files have them: None is an open one."""
    low, high = ends
    return -np.inf if low is None else low, np.inf if high is None else high


def as_labels(desired: Any) -> list[Any]:
    """The desired labels as a list."""
    many = isinstance(desired, Collection) and not isinstance(desired, str | bytes)
    if isinstance(desired, np.ndarray):
        return list(desired.reshape(-1).tolist())
    return list(desired) if many else [desired]


def _exactly(h: np.ndarray, accepted: np.ndarray) -> np.ndarray:
    """H above .5 just where a row is accepted, whatever rounding does."""
    consistent: np.ndarray = np.where(accepted, np.maximum(h, np.nextafter(0.5, 1)), np.minimum(h, 0.5))
    return consistent

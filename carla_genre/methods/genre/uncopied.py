"""A method that can be told to answer nobody with another person's row."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from carla_genre.methods.core.base import SchemaMethod
from carla_genre.methods.genre.checkpoint import RowsUsed
from carla_genre.selection.copies import RareRows


class UncopiedMethod(SchemaMethod):
    """With the option ``copies=False``, a row that few training rows equal is refused as if by h.

    So it is no candidate, no step of the search and nothing that reverting ends at. A person's other candidates stay.
    """

    _used: RowsUsed | None = None

    @cached_property
    def _rare(self) -> RareRows | None:
        if self.hyperparams["copies"]:
            return None
        values, labels = self.classifier.labelled_values()
        if self._used is not None:
            self._used.check(self.schema, values, labels)
        unlearned = getattr(self._mlmodel.data, "unlearned", None)  # further rows of the same table
        if unlearned is not None:
            values = np.concatenate([values, self.schema.encode(unlearned)])
        return RareRows(values)

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Probability of label 1, h, of encoded answers: (..., D) -> (...); NaN for a copy that is not allowed."""
        scores = super().scores(values)
        return scores if self._rare is None else np.where(self._rare.hold(values), np.nan, scores)

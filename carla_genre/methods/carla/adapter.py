"""One of CARLA's own methods, held to this package's conventions."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO

import numpy as np
import pandas as pd
import torch

from carla_genre.blackbox import BlackBox, model_probability
from carla_genre.errors import InputError
from carla_genre.generator.randomness import row_keys
from carla_genre.methods.core.answer_frames import keep_unchanged_cells, only_rows
from carla_genre.methods.core.factuals import answer_readable
from carla_genre.methods.core.random_state import global_random_state_kept, seed_global_random_state
from carla_genre.progress import bar, warnings_only
from carla_genre.schema import Schema
from carla_genre.threads import processor_threads

from carla.recourse_methods.api import RecourseMethod


class CarlaRecourse(RecourseMethod):
    """A method of CARLA's whose answers depend on the factuals and the seed alone.

    CARLA's code searches as it does; around it the factuals may have any index, column order and further columns,
    nothing of the caller's is changed, and the global random states of numpy, Python and torch are seeded inside
    and given back as they were. An answer that h refuses (h <= .5), or that is not finite, is a row of NaN.

    Parameters
    ----------
    name : str
        CARLA's name of the method.
    mlmodel : carla.models.api.MLModel
        The classifier.
    hyperparams : mapping
        All values, checked; ``seed``, ``threads`` and ``verbose`` are read here.
    construct : callable
        Builds CARLA's object; called once, seeded.
    by_row : bool
        Answer one factual at a time, each with random numbers of its own, so that the others make no difference;
        else all at once, for a method that prepares something for all of them.

    Attributes
    ----------
    method : carla.recourse_methods.api.RecourseMethod
        CARLA's own object.
    hyperparams, schema, seconds
        As :class:`carla_genre.SchemaMethod` has them.

    Raises
    ------
    InputError
        A categorical's levels are text: CARLA's methods compute with every column.
    """

    def __init__(
        self,
        name: str,
        mlmodel: BlackBox,
        hyperparams: Mapping[str, Any],
        construct: Callable[[], RecourseMethod],
        by_row: bool = True,
    ) -> None:
        super().__init__(mlmodel)  # type: ignore[no-untyped-call]
        self.name, self.hyperparams = name, dict(hyperparams)
        self.schema = Schema.from_mlmodel(mlmodel)
        texts = [feature.name for feature in self.schema.features if feature.is_text]
        if texts:
            raise InputError(
                f"{name} computes with numbers, and {texts[0]!r} holds text: load the data with the encoding method "
                "'OneHot' or 'OneHot_drop_binary'"
            )
        self._by_row = by_row
        self.seconds: dict[str, float] = {}
        start = time.perf_counter()
        with self._isolated(), _carla_output(self.hyperparams["verbose"]):
            seed_global_random_state(self.hyperparams["seed"])
            self.method = construct()
        self.seconds["prepare"] = time.perf_counter() - start

    @contextlib.contextmanager
    def _isolated(self) -> Iterator[None]:
        with global_random_state_kept(), processor_threads(self.hyperparams["threads"]):
            yield

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """CARLA's answers, one a factual (``Dice`` with ``num`` above 1: that many, next to each other).

        Factuals and answers are as in :meth:`carla_genre.SchemaMethod.get_counterfactuals`. A cell that CARLA left as
        it was, to single precision, is the factual's own.

        Raises
        ------
        InputError
            A column is missing, no row is encoded as the classifier's data, or CARLA's method has not given every
            factual the same number of answers.
        """
        return answer_readable(self.schema, factuals, self._answer_frame)

    def _answer_frame(self, factuals: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
        own = factuals[list(self.schema.columns)]
        if not len(own):
            return own.copy()
        with self._isolated():
            answers = self._search(own.astype(float), values)
        each = len(answers) // len(own)
        frame = pd.DataFrame(answers, columns=own.columns, index=own.index.repeat(each))
        frame = keep_unchanged_cells(frame, own.iloc[np.repeat(np.arange(len(own)), each)])
        return only_rows(frame, model_probability(self._mlmodel, frame) > 0.5)

    def _search(self, inputs: pd.DataFrame, values: np.ndarray) -> np.ndarray:
        """CARLA's answers: (B, C) inputs and their (B, D) values -> answers (B * n, C), NaN rows for failures."""
        inputs = inputs.set_axis(pd.RangeIndex(len(inputs)))
        # Some methods need the label: it is the predicted one, whatever the caller's frame has.
        label = (model_probability(self._mlmodel, inputs) > 0.5).astype(float)
        inputs = inputs.assign(**{self._mlmodel.data.target: label})
        seed = self.hyperparams["seed"]
        if self._by_row:
            seeds = row_keys(torch.from_numpy(values), seed).tolist()
            parts = [inputs.iloc[[row]].reset_index(drop=True) for row in range(len(inputs))]
        else:
            seeds, parts = [seed], [inputs]
        found = []
        show = self.hyperparams["verbose"] and self._by_row
        with bar(self.name, len(inputs), show) as done, _carla_output(False):
            for part_seed, part in zip(seeds, parts, strict=True):
                seed_global_random_state(part_seed)
                found.append(self._checked(self.method.get_counterfactuals(part), len(part)))
                done.advance(len(part))
        return np.concatenate(found)

    def _checked(self, answers: pd.DataFrame, n_factuals: int) -> np.ndarray:
        """CARLA's answers as numbers, those that are not finite as rows of NaN."""
        if not len(answers) or len(answers) % n_factuals:
            raise InputError(f"{self.name} gave {len(answers)} answers to {n_factuals} factuals")
        numbers = answers[list(self.schema.columns)].to_numpy(dtype=float)
        return np.where(np.isfinite(numbers).all(axis=1, keepdims=True), numbers, np.nan)


@contextlib.contextmanager
def _carla_output(shown: bool) -> Iterator[None]:
    """Let CARLA show its bars and its lines for each epoch and factual, or its warnings only.

    What it prints to the standard output are bars of Keras and lines for each factual.
    """
    if shown:
        yield
        return
    without_bars = contextlib.redirect_stderr(_WithoutBars(sys.stderr))
    with warnings_only("carla"), contextlib.redirect_stdout(io.StringIO()), without_bars:
        yield


class _WithoutBars(io.TextIOBase):
    """A stream that passes everything on but progress bars."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if not text.startswith("\r") and text.strip():
            self._stream.write(text if text.endswith("\n") else f"{text}\n")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

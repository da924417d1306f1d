"""What every recourse method of this package shares: factuals in, CARLA's frame out."""

from __future__ import annotations

import contextlib
import inspect
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.blackbox import BlackBox
from carla_genre.methods.core.answer_frames import check_constraints, keep_unchanged_cells, read_answers
from carla_genre.methods.core.device import choose_device
from carla_genre.methods.core.encoded_classifier import EncodedClassifier
from carla_genre.methods.core.factuals import answer_readable
from carla_genre.methods.core.random_state import torch_random_state_kept
from carla_genre.options import check, option, with_list
from carla_genre.schema import Schema
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.threads import plain_torch, processor_threads

from carla.recourse_methods.api import RecourseMethod


@dataclass(frozen=True)
class RunOptions:
    """What every method takes, CARLA's too."""

    threads: int = option(
        1,
        "Processor threads; 0 leaves torch's own setting. More threads gain on an idle machine, and lose much on a "
        "busy one.",
        "[0, 1024]",  # OpenMP ends the process where it cannot hold so many
    )
    seed: int = option(0, "Same seed, same training and same answers.", "[0, 9223372036854775807]")
    verbose: bool = option(True, "Show progress.")


@dataclass(frozen=True)
class MethodOptions(RunOptions):
    """What every method of this package takes."""

    constraints: Mapping[str, Any] | None = option(
        None,
        'Feature -> {"direction": "increase" or "decrease", "range": (low, high) in original units, "immutable": '
        "bool}, on top of the data's own.",
    )
    device: str = option("auto", '"auto" takes a GPU when there is one; else a torch device.')


class SchemaMethod(RecourseMethod):
    """A RecourseMethod that works on features instead of encoded columns.

    A subclass declares its ``OPTIONS`` and gives ``_answer``, and ``_prepare`` where it has
    something to learn; the rest of the contract (any index, any column order, no changed arguments,
    constraints exact, NaN rows, no global random state) is kept here.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier; only ``data``, ``feature_input_order`` and ``predict_proba`` are used.
    hyperparams : mapping, optional
        The options below. They are checked before anything else is touched, and left unchanged.
    schema : Schema, optional
        The features with their constraints; else those of the classifier's data with the option ``constraints``.

    Attributes
    ----------
    hyperparams : dict
        All values, defaults included.
    schema : Schema
        The features.
    device : torch.device
        Where it works.
    seconds : dict
        Wall seconds of ``"prepare"``.
    """

    _mlmodel: BlackBox
    # A frozen dataclass with the options' defaults; the docstring's list is made from it.
    OPTIONS: MethodOptions = MethodOptions()
    _DEFAULT_HYPERPARAMS: Mapping[str, Any] = {}
    # Whether an answer that h refuses (h <= .5) is a failure.
    REFUSED_IS_FAILURE = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._DEFAULT_HYPERPARAMS = check(cls.OPTIONS, None, cls.__name__)
        if cls.__doc__:
            cls.__doc__ = with_list(_with_parameters(cls.__doc__), cls.OPTIONS)

    def __init__(
        self, mlmodel: BlackBox, hyperparams: Mapping[str, Any] | None = None, schema: Schema | None = None
    ) -> None:
        self.hyperparams = check(self.options_for(hyperparams), hyperparams, type(self).__name__)
        super().__init__(mlmodel)  # type: ignore[no-untyped-call]
        self.schema = schema or Schema.from_mlmodel(mlmodel, self.hyperparams["constraints"])
        self.device = choose_device(self.hyperparams["device"], type(self).__name__)
        self.seconds: dict[str, float] = {}
        with self._timed("prepare"), self._isolated():
            self._prepare()
        self._forget_training_rows()

    @classmethod
    def options_for(cls, hyperparams: Mapping[str, Any] | None) -> MethodOptions:
        """The options with their defaults; a subclass may let a given one decide the others' defaults."""
        return cls.OPTIONS

    def _prepare(self) -> None:
        """Learn what the answers need; torch's random state is the method's own here, and seeded."""

    @contextlib.contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        """Add the wall seconds of the block to those of a step."""
        start = time.perf_counter()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - start

    @contextlib.contextmanager
    def _isolated(self) -> Iterator[None]:
        """Torch's random state forked and seeded, and its threads as the hyperparameter says; one thread at a time."""
        given = self.hyperparams
        alone = torch_random_state_kept(given["seed"], self.device)
        with alone, processor_threads(given["threads"]), plain_torch():
            yield

    @property
    def classifier(self) -> EncodedClassifier:
        """h, asked about encoded rows."""
        return EncodedClassifier(self._mlmodel, self.schema)

    @property
    def holds_constraints(self) -> bool:
        """Whether its answers keep the constraints by themselves."""
        return True

    @cached_property
    def training_rows(self) -> TrainingRows:
        """The classifier's training rows; h is asked once about all of them."""
        return self.classifier.training_rows()

    def _forget_training_rows(self) -> None:
        """Free their memory: no answer needs them."""
        self.__dict__.pop("training_rows", None)

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Probability of label 1, h, of encoded rows: (..., D) -> (...)."""
        return self.classifier.scores(values)

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """One answer a factual.

        Parameters
        ----------
        factuals : DataFrame (B, any)
            Encoded and scaled rows, as ``mlmodel.data.df`` has them; any index, columns in any order,
            further columns are ignored. B may be 0.

        Returns
        -------
        DataFrame (B, len(feature_input_order))
            The factuals' index; a row of NaN where no recourse was found. What is unchanged has the
            factual's value, bit for bit. A factual that h accepts already (h > .5) is its own answer.
            One that cannot be read gets a row of NaN, and a warning is logged.

        Raises
        ------
        InputError
            A column is missing, or no row is encoded as the classifier's data.
        """
        return answer_readable(
            self.schema, factuals, lambda frame, values: self._answer_frame(frame, values, self._answer)
        )

    def _answer_frame(
        self, factuals: pd.DataFrame, values: np.ndarray, answer: Callable[[np.ndarray], np.ndarray]
    ) -> pd.DataFrame:
        with self._isolated():
            denied = ~(self.classifier.scores(values) > 0.5)
        answers = values.copy()
        if denied.any():
            with self._isolated():
                found = read_answers(answer(values[denied]), values[denied], self.schema, type(self).__name__)
            if self.REFUSED_IS_FAILURE:
                found = np.where(self.scores(found)[:, None] > 0.5, found, np.nan)
            if self.holds_constraints:
                check_constraints(found, values[denied], self.schema, type(self).__name__)
            answers[denied] = found
        return keep_unchanged_cells(self.schema.decode(answers, factuals.index), factuals, exactly=True)

    def _answer(self, values: np.ndarray) -> np.ndarray:
        """Encoded answers (B, D) to encoded factuals (B > 0, D), all denied; NaN rows for failures."""
        raise NotImplementedError


# The parameters of a method whose docstring has no section for them.
_PARAMETERS = inspect.cleandoc(
    """
    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, of any backend.
    hyperparams : mapping, optional
        The options below.
    """
)


def _with_parameters(doc: str) -> str:
    """The docstring with the section of parameters, which comes before the other ones."""
    text, *sections = re.split(r"\n(?=\w+\n---)", inspect.cleandoc(doc))
    if sections and sections[0].startswith("Parameters"):
        return doc
    return "\n".join([text.rstrip() + "\n", _PARAMETERS, *(f"\n{section.rstrip()}" for section in sections)])

"""GenRe ("From Search to Sampling", Garg, Nagalapatti and Sarawagi, ICLR 2025) as a RecourseMethod."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch

from carla_genre.generator.fitting import fit
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs, find_pairs
from carla_genre.generator.sampler import sample, sample_in_batches
from carla_genre.generator.training_state import History
from carla_genre.methods.core.base import SchemaMethod
from carla_genre.methods.core.feature_constraints import feature_constraints, level_counts
from carla_genre.methods.core.training_rows import People, TrainingRows, warn_of_unmatched
from carla_genre.methods.genre import checkpoint, distillation
from carla_genre.methods.genre import choice as choice_module
from carla_genre.methods.genre.hyperparameters import (
    GenReOptions,
    options_for,
    resampled,
    to_config,
    to_sampling,
)
from carla_genre.methods.genre.warm_start import started_from
from carla_genre.options import check
from carla_genre.selection.by_h import cheapest, most_valid
from carla_genre.selection.selector import ExpectedChoice


class GenRe(SchemaMethod):
    """Recourse by forward sampling from a generator that is trained when this is built.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, of any backend; a black box, only its ``predict_proba`` is called. Its
        ``data.df_train`` with the target column is the training data.
    hyperparams : mapping, optional
        The options below. An unknown one, a wrong type or a value out of range raises.
    people : carla_genre.methods.core.training_rows.People, optional
        Training rows in the place of ``data.df_train``: :class:`carla_genre.parquet.ParquetPeople` reads more than
        memory holds.

    Attributes
    ----------
    hyperparams : dict
        All values, defaults included.
    schema : Schema
        The features.
    generator : Generator
        The trained R(x+|x).
    history : History or None
        Losses of the training; None for a loaded one.
    seconds : dict
        Wall seconds of ``"pairs"``, ``"training"``, and by "expected" ``"second opinion"`` and ``"distilling"``.

    Raises
    ------
    InputError
        A hyperparameter is wrong, D_h- or D_h+ is empty (the message says which gamma would have rows), or
        no denied row has an accepted row of the same immutables.
    CheckpointError
        ``warm_start`` is no such file, or one of another schema, architecture or binning.

    Notes
    -----
    Sections 4.1 to 4.3. Immutable features are part of Q and are given, never sampled. A factual that
    none of whose candidates h accepts (h > .5) gets a row of NaN.
    """

    OPTIONS = options_for(None)
    # What a file says of the rule "expected"; a loaded generator grows the forest again when it is asked for.
    _kept: tuple[dict[str, Any], dict[str, np.ndarray]] | None = None
    _people: People | None = None
    REFUSED_IS_FAILURE = False  # the candidates' scores are known: h need not be asked again

    def __init__(
        self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None, people: People | None = None
    ) -> None:
        self._people = people
        self._config = to_config(check(self.options_for(hyperparams), hyperparams, "GenRe"), hyperparams)
        super().__init__(mlmodel, hyperparams)

    @classmethod
    def options_for(cls, hyperparams: Mapping[str, Any] | None) -> GenReOptions:
        """The options, with the named preset's defaults."""
        return options_for(hyperparams)

    def _prepare(self) -> None:
        start = time.perf_counter()
        values = self.hyperparams
        generator, history = fit(
            self._untrained, self._config.training, self.device, values["seed"], values["verbose"]
        )
        self.generator = generator.eval()
        self.history: History | None = history
        self.device = generator.device
        self.seconds["training"] = time.perf_counter() - start - self.seconds.get("pairs", 0.0)
        if values["selection"] == "expected":
            _ = self.choice
        if values["distil"]:
            distillation.distil(self)
        self.__dict__.pop("labelled_rows", None)  # an answer does not need them

    @cached_property
    def labelled_rows(self) -> TrainingRows:
        """The training rows that the rule "expected" is fitted on."""
        return choice_module.labelled_rows(self)

    @cached_property
    def choice(self) -> ExpectedChoice:
        """The rule "expected", fitted on the training rows when it is first asked for."""
        return choice_module.choice_of(self)

    def _untrained(self) -> tuple[Generator, Pairs]:
        config, schema = self._config, self.schema
        start = time.perf_counter()
        constraints = feature_constraints(schema)
        old = config.warm_start
        started = None if old is None else started_from(old, config, constraints, schema)
        sides = (
            self.training_rows.sides(config.pairs)
            if self._people is None
            else self._people.sides(self, config.pairs)
        )
        pairs = find_pairs(sides.denied, sides.accepted, constraints, config.pairs, self.device)
        self.seconds["pairs"] = time.perf_counter() - start
        warn_of_unmatched(pairs, schema)
        generator = started or Generator.for_pairs(config, constraints, level_counts(schema), pairs)
        return generator.to(self.device), pairs

    def candidates(self, values: np.ndarray) -> np.ndarray:
        """Sampled answers.

        Parameters
        ----------
        values : ndarray (B, D)
            Encoded factuals (``schema.encode``).

        Returns
        -------
        ndarray (B, N, D)
        """
        sampling = to_sampling(self.hyperparams)
        with self._isolated():
            return sample(
                self.generator, torch.from_numpy(values), sampling, self.hyperparams["seed"]
            ).numpy()

    def _answer(self, values: np.ndarray) -> np.ndarray:
        given = self.hyperparams
        batches = sample_in_batches(
            self.generator, torch.from_numpy(values), to_sampling(given), given["seed"], given["verbose"]
        )
        with closing(batches):  # whatever ends this early ends the bar as well
            if given["selection"] == "expected":
                return choice_module.answer(self, values, batches)
            return np.concatenate([self._best(values[rows], drawn.numpy()) for rows, drawn in batches])

    def _best(self, values: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Choose by h among the candidates (B, N, D): (B, D), NaN for who is not answered."""
        scores = self.scores(candidates)
        if self.hyperparams["selection"] == "cheapest":
            cost = self.schema.cost(values[:, None], candidates)
            return cheapest(candidates, scores, cost, self.hyperparams["gamma"])
        return most_valid(candidates, scores)

    def certainty(self, answers: pd.DataFrame) -> pd.DataFrame:
        """How sure the rule "expected" is of answers, or of any other rows.

        Parameters
        ----------
        answers : DataFrame (B, any)
            Encoded, as :meth:`get_counterfactuals` gives them.

        Returns
        -------
        DataFrame (B, 2)
            The answers' index; ``valid`` and ``inlier``, the probabilities to be accepted by a perfect judge of the
            training labels, and to lie among the rows that it accepts. NaN for a row of NaN.
        """
        return choice_module.certainty(self, answers)

    def with_sampling(self, **changes: Any) -> GenRe:
        """The same generator, sampled otherwise, without training again.

        Parameters
        ----------
        **changes
            Of ``temperature``, ``sigma``, ``n_samples``, ``selection``, ``gamma`` (above which
            h is sure of an answer; "validity" does not look at it) and ``seed``. Another selection brings its
            own temperature and number of samples, where these are the old one's.
        """
        values = resampled(self.hyperparams, changes)
        if values["selection"] == "expected":
            _ = self.choice  # of this one, so that what is sampled otherwise is chosen alike
        other = copy.copy(self)
        other.hyperparams = values
        if "choice" in self.__dict__:
            rule = replace(self.choice.rule, gamma=values["gamma"])
            other.__dict__["choice"] = self.choice._replace(rule=rule)
        return other

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trained generator with its schema and the classifier's fingerprint.

        With the rule "expected", the encoded training rows and their labels are in the file: its forest is grown again
        from them.

        Parameters
        ----------
        path : path
            A safetensors file; an existing one is replaced as a whole.
        """
        checkpoint.save(self, path)

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write the trained generator as one file that torch alone reads, where this package is not installed.

        ``torch.export.load(path).module()`` is a function of encoded factuals (B, D), float64, and a seed, a Tensor ()
        of int64. It gives what :meth:`candidates` gives for that seed; h, which chooses among them, is not in the file.
        The second opinion is not either: with the rule "expected", it samples as "validity" does.
        The extra file ``description.json`` has the schema, by which rows are encoded, and how it samples.

        Parameters
        ----------
        path : path
            ``*.pt2``; an existing file is replaced as a whole.

        Raises
        ------
        InputError
            The path does not end in ``.pt2``.
        """
        checkpoint.save_for_torch(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], mlmodel: Any, device: str = "auto") -> GenRe:
        """Read what :meth:`save` wrote, for the same classifier and data.

        Parameters
        ----------
        path : path
        mlmodel : carla.models.api.MLModel
        device : str
            "auto" or a torch device.

        Raises
        ------
        CheckpointError
            No such checkpoint, or one for another schema or classifier; the message says what differs.
        """
        method = cls.__new__(cls)
        checkpoint.load(method, path, mlmodel, device)
        return method

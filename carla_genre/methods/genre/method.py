"""GenRe ("From Search to Sampling", Garg, Nagalapatti and Sarawagi, ICLR 2025) as a RecourseMethod."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from carla_genre.blackbox import BlackBox
from carla_genre.generator.config import PRESETS, SamplingConfig
from carla_genre.generator.export import export
from carla_genre.generator.fitting import fit
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.sampler import sample, sample_in_batches
from carla_genre.generator.training_state import History
from carla_genre.methods.core.acting import ActingMethod
from carla_genre.methods.core.telling import ToldMethod
from carla_genre.methods.genre import checkpoint
from carla_genre.methods.genre.distillation import distil, second_training
from carla_genre.methods.genre.hyperparameters import narrowed, options_for, resampled, to_config, to_sampling
from carla_genre.methods.genre.uncopied import UncopiedMethod
from carla_genre.methods.genre.untrained import untrained_generator
from carla_genre.options import check
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection import ExpectedScoreSelector, calibrated_gamma, cheapest, most_valid
from carla_genre.selection.ascent import Moves
from carla_genre.selection.confirmed import confirmed_sides
from carla_genre.selection.promise import fit_selector, learned_rows


class GenRe(UncopiedMethod, ActingMethod, ToldMethod):
    """Recourse by forward sampling from a generator that is trained when this is built.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, of any backend: only ``predict_proba`` is called. ``data.df_train`` is learned from.
    hyperparams : mapping, optional
        The options below. An unknown one, a wrong type or a value out of range raises.
    saved : Saved, optional
        What :meth:`load` has read: nothing is trained.

    Attributes
    ----------
    generator : Generator
        The trained R(x+|x).
    gamma : float
        h above which a row is in D_h+: the hyperparameter, or what it comes to where it is of calibrated confidences.
    history : History or None
        Losses of the training; None for a loaded one.
    seconds : dict
        Wall seconds of ``"pairs"``, ``"training"``, ``"selector"`` and ``"distilling"``.

    Raises
    ------
    InputError
        A hyperparameter is wrong, D_h- or D_h+ is empty, or no denied row has an accepted one of the same immutables.
    CheckpointError
        ``warm_start`` is no such file, or one of another schema, network or binning.

    Notes
    -----
    Sections 4.1 to 4.3. Immutable features are part of Q and are given, never sampled. A factual none of whose
    candidates h accepts (h > .5) gets, with selection "expected", what an ascent on h finds; else a row of NaN.
    """

    OPTIONS = options_for(None)
    options_for = staticmethod(options_for)
    REFUSED_IS_FAILURE = False  # the candidates' scores are known: h need not be asked again
    history: History | None = None

    def __init__(
        self,
        mlmodel: BlackBox,
        hyperparams: Mapping[str, Any] | None = None,
        saved: checkpoint.Saved | None = None,
    ) -> None:
        self._saved = saved
        if saved is None:
            self._config = to_config(check(self.options_for(hyperparams), hyperparams, "GenRe"), hyperparams)
        super().__init__(mlmodel, hyperparams, None if saved is None else saved.schema)

    def _prepare(self) -> None:
        if self._saved is None:
            self._learn_causes()
            self._train()
        else:
            self.generator, _, _, self._selector, self._used, self.gamma = self._saved
            self._learn_causes()
            if self._selector:
                self._selector = self._selector.with_objective(h=self.scores)
        self.device = self.generator.device

    def _train(self) -> None:
        """The generator, the selector that is asked for, and the distilled generator that is asked for."""
        values, training = self.hyperparams, self._config.training
        seed, verbose = values["seed"], values["verbose"]
        self.gamma = self._raw(values["gamma"])
        self._config = replace(self._config, pairs=replace(self._config.pairs, gamma=self.gamma))
        with self._timed("training"):
            self.generator, self.history = fit(self._untrained, training, self.device, seed, verbose)
        self.generator.eval()
        self.seconds["training"] -= self.seconds.get("pairs", 0.0)
        if values["selection"] != "expected":
            return
        self._selector = self._fit_selector()
        if values["distil"]:
            training = second_training(PRESETS[values["preset"]].training, training)
            denied = (rows := self._labelled_rows()).values[rows.denied()]
            with self._timed("distilling"):
                self.generator = distil(self.generator, self._selector, denied, training, seed, verbose)
            if values["risk"] is not None:  # the bound has to hold for the generator that answers
                self._selector = self._fit_selector()

    def _untrained(self) -> tuple[Generator, Pairs]:
        with self._timed("pairs"):
            given = self.hyperparams["confirmed"], self.hyperparams["seed"], self.hyperparams["threads"] or -1
            sides = confirmed_sides(self._labelled_rows(), self.schema, self._config.pairs, *given)
            return untrained_generator(self._config, self.schema, sides, self.device)

    def _labelled_rows(self) -> TrainingRows:
        """What is learned from, for a loaded generator the rows of its training; with a risk, a part of them."""
        rows = self.training_rows
        if self._used is None:
            self._used = checkpoint.RowsUsed.of(self.schema, rows)
        else:
            self._used.check(self.schema, rows.values, rows.labels)
        return learned_rows(rows, self.hyperparams["risk"])

    def _raw(self, gamma: float) -> float:
        return calibrated_gamma(self._labelled_rows(), gamma) if self.hyperparams["calibrate"] else gamma

    def _fit_selector(self) -> ExpectedScoreSelector:
        values, rows, learned = self.hyperparams, self.training_rows, self._labelled_rows()
        sampling = to_sampling(resampled(values, {"selection": "expected"}))  # whichever rule chooses now
        given = {"gamma": self.gamma, "reverts": values["revert"], "n_jobs": values["threads"] or -1}
        moves = Moves.of_rows(self.generator.answer_bins.points(), learned.values)
        given |= {"moves": moves, "consequences": self.consequences}
        with self._timed("selector"), self._isolated():
            selector = fit_selector(self, rows, sampling, values["seed"], values["risk"], **given)
        self._used = self._used and self._used.held_by(selector, rows)
        return selector

    @property
    def selector(self) -> ExpectedScoreSelector:
        """The rule "expected"; with another rule it is fitted when it is first asked for."""
        if self._selector is None:
            self._selector = self._fit_selector()
            self._forget_training_rows()
        return self._selector

    def candidates(self, values: np.ndarray, sampling: SamplingConfig | None = None) -> np.ndarray:
        """Sampled answers (B, N, D) to encoded factuals (B, D); by the hyperparameters without ``sampling``."""
        sampling, factuals = sampling or to_sampling(self.hyperparams), torch.from_numpy(values)
        with self._isolated():
            drawn = sample(self.generator, factuals, sampling, self.hyperparams["seed"]).numpy()
        return self._possible(values, drawn)

    def _act(self, values: np.ndarray) -> np.ndarray:
        given = self.hyperparams
        batches = sample_in_batches(
            self.generator, torch.from_numpy(values), to_sampling(given), given["seed"], given["verbose"]
        )
        with closing(batches):  # whatever ends this early ends the bar as well
            drawn = ((rows, self._possible(values[rows], candidates.numpy())) for rows, candidates in batches)
            if given["selection"] == "expected":
                return self.selector.select_batches(values, drawn, self.scores)
            return np.concatenate([self._select_by_h(values[rows], candidates) for rows, candidates in drawn])

    def _select_by_h(self, values: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Choose by h among the candidates (B, N, D): (B, D), NaN where h accepts none."""
        scores = self.scores(self.states(values[:, None], candidates))
        if self.hyperparams["selection"] == "validity":
            return most_valid(candidates, scores)
        return cheapest(candidates, scores, self.schema.cost(values[:, None], candidates), self.gamma)

    def certainty(self, answers: pd.DataFrame) -> pd.DataFrame:
        """How certain the rule "expected" is of answers, or of any other rows.

        Parameters
        ----------
        answers : DataFrame (B, any)
            Encoded, as :meth:`get_counterfactuals` gives them.

        Returns
        -------
        DataFrame (B, 2)
            The answers' index; the probabilities ``valid``, to be accepted by a perfect judge of the training labels,
            and ``inlier``, to lie among the rows that it accepts. NaN for a row of NaN.
        """
        self.schema.encode(answers[:0])  # it has all columns
        answered = ~answers[list(self.schema.columns)].isna().any(axis=1).to_numpy()
        figures = np.full((len(answers), 2), np.nan)
        with self._isolated():
            figures[answered] = self.selector.probabilities(self.schema.encode(answers[answered]))
        return pd.DataFrame(figures, answers.index, ["valid", "inlier"])

    def with_sampling(self, **changes: Any) -> GenRe:
        """The same generator, sampled otherwise, without training again.

        Parameters
        ----------
        **changes
            Of ``temperature``, ``sigma``, ``n_samples``, ``selection``, ``gamma`` and ``seed``. Another selection
            brings its own temperature and number of samples, where these are the old one's.
        """
        values = resampled(self.hyperparams, changes)
        selector = self.selector if values["selection"] == "expected" else self._selector
        keeps = values["risk"] is None or values == self.hyperparams  # a risk's bound is the sampling's
        gamma = self._raw(values["gamma"]) if "gamma" in changes else self.gamma
        self._forget_training_rows()
        other = copy.copy(self)
        other.hyperparams, other.gamma = values, gamma
        other._selector = selector.with_objective(gamma=gamma) if selector and keeps else None
        return other

    def with_constraints(self, constraints: Mapping[str, Mapping[str, Any]] | None) -> GenRe:
        """The same generator asked under further constraints, without training again.

        Parameters
        ----------
        constraints : mapping, optional
            As the hyperparameter ``constraints``, on top of those of the training. None: these alone.

        Raises
        ------
        InputError
            A constraint names no feature, or leaves a feature no value.
        """
        other = super().with_constraints(constraints)
        other.generator = self.generator.with_constraints(other.schema.constraints)
        other.hyperparams = narrowed(other.hyperparams) if constraints else other.hyperparams
        if self.hyperparams["risk"] is not None:
            other._selector = None  # the bound holds for the constraints that it is found under
        elif self.hyperparams["selection"] == "expected":
            other._selector = self.selector.with_objective(schema=other.schema, h=other.scores)
        return other

    def save(self, path: str | os.PathLike[str], with_training_rows: bool = False) -> None:
        """Write the trained generator with its schema, the classifier's fingerprint and a digest of the training rows.

        Parameters
        ----------
        path : path
            A safetensors file; an existing one is replaced as a whole.
        with_training_rows : bool
            Whether the file holds what the rule "expected" needs when it is read: up to 50,000 encoded training rows
            with their labels. Else these come from the data of the classifier that :meth:`load` takes.
        """
        given = self.hyperparams, self.gamma, self._selector, self._used, with_training_rows
        checkpoint.save(path, self.generator, self.classifier, *given)

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write the trained generator as one file that torch alone reads, where this package is not installed.

        ``torch.export.load(path).module()`` is a function of encoded factuals (B, D), float64, and a seed, a Tensor ()
        of int64. It gives what :meth:`candidates` gives without ``causes``. h and the selector are not in the file:
        with the rule "expected", it samples as "validity" does. The extra file ``description.json`` has the schema and
        the sampling.

        Parameters
        ----------
        path : path
            ``*.pt2``; an existing file is replaced as a whole.

        Raises
        ------
        InputError
            The path does not end in ``.pt2``.
        """
        sampling = to_sampling(resampled(self.hyperparams, {"selection": "validity"}))
        description = {"schema": self.schema.to_dict(), "sampling": asdict(sampling)}
        export(path, self.generator, sampling, description)

    @classmethod
    def load(cls, path: str | os.PathLike[str], mlmodel: BlackBox, device: str = "auto") -> GenRe:
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
            No such checkpoint, or one for another schema, classifier or training rows; the message says what differs.
        """
        saved = checkpoint.read(path, mlmodel, device)
        return cls(mlmodel, saved.hyperparams, saved)

"""What TabSyn's recourse rules share: a density of the rows that are accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.methods.baselines.tabsyn.config import TabSynConfig, TabSynSizes
from carla_genre.methods.baselines.tabsyn.model import TabSyn
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.methods.core.feature_constraints import level_counts
from carla_genre.options import check, declared, option, option_of

_Method = TypeVar("_Method", bound="TabSynMethod")


@dataclass(frozen=True)
class TabSynOptions(MethodOptions, TabSynSizes):
    gamma: float = option_of(PairConfig, "gamma")
    lambda_: float = option(5.0, "Weight of the cost.", "[0, inf)", aliases=("lambda",))
    sampling_steps: int = option(50, "Noise levels of a draw.", "[2, inf)")


class TabSynMethod(SchemaMethod):
    """What both rules share: a TabSyn of D_h+ = {y = 1, h > gamma}.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, of any backend.
    hyperparams : mapping, optional
        The options below.

    Attributes
    ----------
    tabsyn : TabSyn
        The trained density.

    Raises
    ------
    InputError
        A hyperparameter is wrong, or D_h+ is empty.
    """

    OPTIONS = TabSynOptions()

    def __init__(
        self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None, *, trained: TabSyn | None = None
    ) -> None:
        self._trained = trained
        super().__init__(mlmodel, hyperparams)

    @classmethod
    def from_trained(
        cls: type[_Method], other: TabSynMethod, hyperparams: Mapping[str, Any] | None = None
    ) -> _Method:
        """Another rule, or another lambda, on what one has learned, without training again.

        Parameters
        ----------
        other : TabSynMethod
        hyperparams : mapping, optional
            What is not given is the other's where it has it; what decides the training, and ``device``, cannot be.

        Raises
        ------
        InputError
            A hyperparameter is wrong or decides the training.
        """
        check(cls.OPTIONS, hyperparams, cls.__name__)
        given = dict(hyperparams or {})
        by_training = {"gamma", "device", *(size.name for size in fields(TabSynSizes))}
        fixed = sorted(by_training & set(given))
        if fixed:
            raise InputError(f"{cls.__name__}.from_trained: {fixed} were decided by the other's training")
        shared = {
            name: other.hyperparams[name]
            for name, known in declared(cls.OPTIONS).items()
            if name in other.hyperparams and not {name, *known.aliases} & set(given)
        }
        return cls(other._mlmodel, {**shared, **given}, trained=other.tabsyn)

    def _prepare(self) -> None:
        if self._trained is not None:
            self.tabsyn = self._trained
            return
        given = self.hyperparams
        if given["width"] % 2:
            raise InputError(f"{type(self).__name__}: width must be even, got {given['width']}")
        rows = self.training_rows
        config = TabSynConfig(**{size.name: given[size.name] for size in fields(TabSynSizes)})
        learned = rows.values[rows.accepted(given["gamma"])]
        levels = level_counts(self.schema).tolist()
        self.tabsyn = TabSyn(learned, levels, config, self.device, given["verbose"])

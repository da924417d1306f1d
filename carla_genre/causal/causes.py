"""What causes what, as a user says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import networkx
import numpy as np

from carla_genre.causal.consequences import Consequences
from carla_genre.causal.equations import Equation, GivenMechanism
from carla_genre.causal.fitted import FittedMechanism
from carla_genre.constraints import Variables
from carla_genre.errors import InputError
from carla_genre.pickling import picklable
from carla_genre.suggestions import suggestion

# Training rows that a given equation is tried on.
CHECKED = 100

GivenEquation = Callable[[Any], Any] | Equation


@dataclass(frozen=True)
class Causes:
    """Which features follow from which, and how.

    Parameters
    ----------
    graph : mapping
        Effect -> its causes, ``{"savings": ["income", "age"]}``. What is not named has no causes.
    equations : mapping, optional
        Effect -> its structural equation in original units: a function of its causes, a DataFrame (n, causes), to
        which the noise is added; or an :class:`Equation`, where noise is not added. What has no equation is fitted: an
        additive-noise model, by the regression of the least error in cross-validation.
    passive : list of str
        Features that nobody can set: they move as effects alone.

    Raises
    ------
    InputError
        The graph has a cycle, or an equation or a passive feature has no causes in it.

    Notes
    -----
    Abduction, action, prediction (Pearl 2009, section 7.1). The noise of an additive equation x = f(causes) + u is
    u = x - f(causes), so an effect moves by f(new causes) - f(own causes). A category may be a cause. As an effect it
    needs an :class:`Equation`. An immutable feature may be a cause. It is never moved: an action that would move it is
    not allowed; a feature that moves but cannot be set is ``passive``.
    """

    graph: Mapping[str, Iterable[str]]
    equations: Mapping[str, GivenEquation] | None = None
    passive: Iterable[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "graph", _checked_graph(self.graph))
        equations = {} if self.equations is None else self.equations
        if not isinstance(equations, Mapping):
            raise InputError(f"Causes: equations must be a dict, effect -> function, got {equations!r}")
        object.__setattr__(self, "equations", dict(equations))
        passive: Any = (self.passive,) if isinstance(self.passive, str) else self.passive
        if not isinstance(passive, Iterable):
            raise InputError(f"Causes: passive must be a list of features, got {passive!r}")
        object.__setattr__(self, "passive", tuple(passive))
        for name in (*equations, *self.passive):
            if name not in self.graph:
                raise InputError(
                    f"Causes: {name!r} has no causes in the graph, {suggestion(name, self.graph)}"
                )
        for name, one in equations.items():
            if not callable(one) and not isinstance(one, Equation):
                raise InputError(
                    f"Causes: the equation of {name!r} is no function of its causes, but {one!r}"
                )

    @classmethod
    def from_carla(cls, model: Any) -> Causes:
        """The graph and the equations of a ``carla.data.causal_model.CausalModel``, whose noise is added."""
        names = [name for name in model.structural_equations_np if model.get_parents(name)]
        graph = {name: model.get_parents(name) for name in names}
        return cls(
            graph, {name: _CarlaEquation(model.structural_equations_np[name], graph[name]) for name in names}
        )

    def learn(
        self, variables: Variables, level_counts: np.ndarray, rows: np.ndarray, seed: int
    ) -> Consequences:
        """Fit what has no equation.

        Parameters
        ----------
        variables : Variables
            The D features, in original units.
        level_counts : ndarray (D,)
            Levels of each feature; 0 for a number.
        rows : ndarray (n, D)
            Encoded training rows.
        seed : int

        Raises
        ------
        InputError
            There is no such feature, a category has causes and no :class:`Equation`, or an equation fails.
        """
        position = {name: variables.position(name, "Causes") for name in _order(self.graph)}
        mechanisms: list[GivenMechanism | FittedMechanism] = []
        for name in position:
            causes = tuple(position[cause] for cause in self.graph.get(name, ()))
            equation, effect = (self.equations or {}).get(name), position[name]
            if not causes:
                continue
            if variables.levels[effect] is not None and not isinstance(equation, Equation):
                raise InputError(
                    f"Causes: {name!r} has levels, and noise is not added to a level: give its equation as "
                    f"Equation(value=..., noise=...), or leave {name!r} out of the graph's effects"
                )
            if equation is not None:
                mechanisms.append(given := GivenMechanism(effect, causes, equation, variables))
                given.check(rows[:CHECKED])
            else:
                mechanisms.append(FittedMechanism.fit(rows, effect, causes, level_counts, seed))
        return Consequences(tuple(mechanisms), tuple(position[name] for name in self.passive))

    def to_plain(self) -> dict[str, Any]:
        """The graph in JSON's types, for :meth:`from_plain`.

        Raises
        ------
        InputError
            It has equations, which only code can say.
        """
        if self.equations:
            raise InputError(
                f"causes with the equations of {list(self.equations)} cannot be written to a file, which holds no "
                "code: leave the equations out, so that they are fitted, or train again where they are known"
            )
        return {
            "graph": {name: list(causes) for name, causes in self.graph.items()},
            "passive": list(self.passive),
        }

    @classmethod
    def from_plain(cls, content: Mapping[str, Any]) -> Causes:
        """The inverse of :meth:`to_plain`."""
        return cls(content["graph"], passive=content["passive"])


@dataclass(frozen=True)
class _CarlaEquation:
    """An equation of CARLA's without its noise: the causes come by position, in the order of their names."""

    function: Callable[..., Any]
    causes: list[str]

    def __call__(self, causes: Any) -> Any:
        return self.function(0, *(causes[name] for name in self.causes))

    def __reduce__(self) -> tuple[Any, ...]:
        return _CarlaEquation, (picklable(self.function, "an equation"), self.causes)


def _checked_graph(graph: Any) -> dict[str, tuple[str, ...]]:
    """Effect -> its causes, each once; no cycle."""
    if not isinstance(graph, Mapping):
        raise InputError(f"Causes: graph must be a dict, effect -> its causes, got {graph!r}")
    checked = {}
    for name, given in graph.items():
        causes = [given] if isinstance(given, str) else given
        if not isinstance(causes, Iterable) or not all(isinstance(one, str) for one in [name, *causes]):
            raise InputError(
                f"Causes: {name!r} -> {given!r}: the names of an effect and of its causes are texts"
            )
        checked[name] = tuple(dict.fromkeys(causes))
    checked = {name: causes for name, causes in checked.items() if causes}
    _order(checked)
    return checked


def _order(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """The features of a graph, causes before their effects."""
    drawn = networkx.DiGraph((cause, effect) for effect, causes in graph.items() for cause in causes)
    try:
        return list(networkx.lexicographical_topological_sort(drawn))
    except networkx.NetworkXUnfeasible:
        cycle = [cause for cause, _ in networkx.find_cycle(drawn)]
        raise InputError(f"Causes: the graph has a cycle, {' -> '.join([*cycle, cycle[0]])}") from None

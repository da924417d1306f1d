"""The little of causalgraphicalmodels that CARLA's causal models use, on networkx, where that package is absent.

A structural causal model is one function a variable: its arguments are the noise and the variable's parents, by name
(Karimi, Schölkopf and Valera 2021, section 2). CARLA asks it for the graph of who is whose parent, no more.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from carla_genre.errors import InputError, MissingDependencyError

#: The argument of a structural equation that is noise, not a parent.
NOISE = "n_samples"


class CausalGraphicalModel:
    """A directed graph of variables without cycles; an edge is a parent and a child."""

    def __init__(self, nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> None:
        import networkx

        self.dag = networkx.DiGraph()
        self.dag.add_nodes_from(nodes)
        self.dag.add_edges_from(edges)
        if not networkx.is_directed_acyclic_graph(self.dag):
            raise InputError("the structural equations have a cycle: a variable is among its own ancestors")

    def draw(self) -> Any:
        """Draw the graph, an arrow from each parent to its child; the matplotlib Axes that it is drawn on."""
        import networkx

        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise MissingDependencyError(
                "drawing a causal graph needs matplotlib. Install it with: pip install matplotlib"
            ) from error
        axes = pyplot.subplots()[1]
        networkx.draw_circular(self.dag, ax=axes, with_labels=True, node_color="lightgrey", node_size=1500)
        return axes


class StructuralCausalModel:
    """The graph of structural equations: one function a variable, whose parameters but `NOISE` are the parents."""

    def __init__(self, assignment: Mapping[str, Callable[..., Any]]) -> None:
        self.assignment = dict(assignment)
        edges = []
        for node, equation in self.assignment.items():
            parents = [name for name in inspect.signature(equation).parameters if name != NOISE]
            unknown = [name for name in parents if name not in self.assignment]
            if unknown:
                raise InputError(
                    f"the equation of {node!r} takes {unknown[0]!r}, which has no equation itself"
                )
            edges += [(parent, node) for parent in parents]
        self.cgm = CausalGraphicalModel(self.assignment, edges)

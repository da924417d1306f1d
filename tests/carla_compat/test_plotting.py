"""``carla.plotting``: bars of one person, points of several."""

from __future__ import annotations

import os
from typing import Any

import pytest

pytestmark = pytest.mark.slow

DRAW = """
    import json
    import matplotlib
    matplotlib.use("agg")
    import carla_genre, pandas
    from types import SimpleNamespace
    from matplotlib import pyplot
    try:
        import seaborn
    except ImportError:
        seaborn = None
    from carla.plotting import single_sample_plot, summary_plot

    data = SimpleNamespace(continuous=["pay", "age"], target="good")
    factuals = pandas.DataFrame({"pay": [0.5, 0.2], "age": [0.0, 0.5], "sex_m": [1.0, 0.0]}, index=["p", "q"])
    counterfactuals = factuals.assign(pay=[0.0, 0.7], sex_m=[0.0, 1.0])
    try:
        single_sample_plot(factuals.iloc[0], counterfactuals.iloc[0], data)
        axes = pyplot.gca()
        bars = {label.get_text(): [bar.get_width(), bar.get_facecolor()[0] > bar.get_facecolor()[2]]
                for label, bar in zip(axes.get_yticklabels(), axes.patches)}
        if seaborn is not None:
            summary_plot(factuals, counterfactuals, data, topn=1)
        print(json.dumps(bars))
    except (AttributeError, KeyError) as error:
        print(json.dumps(type(error).__name__))
"""


def test_changes_are_drawn(run_python: Any) -> None:
    pytest.importorskip("matplotlib")
    for paths in ((), (os.environ.get("CARLA_HEAD", ""),)):
        bars = run_python(DRAW, paths=paths, options=("-W", "ignore"))
        assert bars == {"pay": [-0.5, False], "age": [0.0, True], "sex_m": [-1.0, False]}


@pytest.mark.slow
def test_without_the_repair_nothing_is_drawn(run_python: Any) -> None:
    if hasattr(pytest.importorskip("matplotlib").cm, "get_cmap"):
        pytest.skip("this matplotlib still has cm.get_cmap")
    disable = ("bars_are_coloured_by_gone_names",)
    assert run_python(DRAW, disable=disable, options=("-W", "ignore")) == "AttributeError"

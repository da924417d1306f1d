"""The protocol's checks on the paper's own data, where the files are."""

import pytest

from benchmarks.paper.nearest import NearestAccepted
from benchmarks.paper.protocol import prepare


@pytest.mark.data
def test_compas_gives_the_paper_s_figures(data_root):
    setting = prepare("compas", seed=42, root=data_root)
    assert setting.checks["positive rate before"] == pytest.approx(0.813, abs=0.001)
    # scikit-learn's calibrated forest, and so each drawn label, differs between versions: .612 by 1.9, .621 by 1.7
    assert setting.checks["positive rate after"] == pytest.approx(0.612, abs=0.015)
    assert setting.checks["test accuracy of h"] == pytest.approx(0.6960, abs=0.01)
    scores = setting.score(NearestAccepted(setting.mlmodel).get_counterfactuals(setting.factuals))
    assert scores.score == pytest.approx(1.84, abs=0.08)

"""The forest is scikit-learn's, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from selection_cases import two_moons
from sklearn.ensemble import RandomForestClassifier

from carla_genre.selection.forest import Forest


@pytest.mark.parametrize("smallest_leaf", [1, 5])
def test_it_is_scikit_learns(smallest_leaf: int) -> None:
    rows, labels = two_moons(300, 0)
    theirs = RandomForestClassifier(40, min_samples_leaf=smallest_leaf, oob_score=True, random_state=7)
    theirs.fit(rows, labels)
    for n_jobs in (1, 2):
        ours = Forest(rows, labels, 40, smallest_leaf, 7, n_jobs)
        np.testing.assert_array_equal(ours.out_of_bag(), theirs.oob_decision_function_[:, 1])
        for asked in (rows, rows[:1], rows[:, ::-1].astype(float)):
            np.testing.assert_array_equal(ours(asked), theirs.set_params(n_jobs=1).predict_proba(asked)[:, 1])
        assert ours(rows[:0]).shape == (0,)


def test_rows_that_every_tree_has_seen_are_not_accepted() -> None:
    rows, labels = two_moons(300, 0)
    told = Forest(rows, labels, 1, 5, 0).out_of_bag()
    assert (told == 0).mean() > 0.5 and np.isfinite(told).all()

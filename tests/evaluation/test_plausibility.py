"""Tests of plausibility, and what accepted held-out rows have themselves."""

import numpy as np
import pandas as pd
import pytest

from carla_genre.errors import InputError
from carla_genre.evaluation.cost import cost
from carla_genre.evaluation.judges.plausibility import NeighbourDistance, Plausibility, PlausibilityTests
from carla_genre.evaluation.lof import InlierTest


class RichGold:
    """Accepts who earns more than a half."""

    def accepts(self, rows):
        return (rows["income"] > 0.5).to_numpy()


@pytest.fixture(scope="module")
def parts(frame):
    return frame.head(200), frame.tail(100)


@pytest.fixture(scope="module")
def accepted(parts):
    return [rows[rows["income"] > 0.5] for rows in parts]


@pytest.fixture(scope="module")
def tests(schema, parts):
    return PlausibilityTests.fit(schema, RichGold(), *parts)


def fifth(schema, others, row):
    """Cost of going from a row to the fifth nearest of others."""
    return np.sort(cost(schema, pd.concat([row] * len(others)).set_axis(others.index), others))[4]


def test_inliers_are_those_of_the_accepted_training_rows(tests, schema, accepted, frame):
    train, columns = accepted[0], list(schema.columns)
    found = tests.inliers(frame)
    for k in (5, 20):
        expected = InlierTest(k).fit(train[columns]).inliers(frame[columns])
        np.testing.assert_array_equal(found[f"LOF_{k}"], expected)
    far = frame.head(6).assign(income=9.0, age=-9.0)
    assert not any(inside.any() for inside in tests.inliers(far).values())


def test_the_attainable_is_what_accepted_held_out_rows_have(tests, approver, accepted):
    held_out = accepted[1]
    shown = Plausibility(approver, {"tests": tests}).get_evaluation(held_out, held_out).iloc[0]
    for name, share in shown.items():
        assert tests.attainable[name] == pytest.approx(share)
    assert tests.attainable["Neighbour_Distance"] == 1


def test_the_distance_is_that_to_the_fifth_nearest_over_the_rows_own(
    tests, schema, approver, accepted, factuals
):
    held_out = accepted[1]
    own = np.mean(
        [fifth(schema, held_out.drop(index=label), held_out.loc[[label]]) for label in held_out.index]
    )
    assert tests.own_distance == pytest.approx(own, rel=1e-5)
    found = NeighbourDistance(approver, {"tests": tests}).rows(factuals, factuals)["Neighbour_Distance"]
    expected = [fifth(schema, held_out, factuals.iloc[[i]]) / own for i in range(len(factuals))]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_repeated_rows_have_no_distance_of_their_own(schema, parts, frame):
    same = pd.concat([frame[frame["income"] > 0.5].head(1)] * 6, ignore_index=True)
    tests = PlausibilityTests.fit(schema, RichGold(), parts[0], same)
    assert np.isnan(tests.neighbour_distance(frame.head(4))).all()


def test_failures_are_no_inliers_and_have_no_distance(tests, frame):
    rows = frame.tail(4).copy()
    rows.iloc[2, 1] = np.nan
    assert not any(inside[2] for inside in tests.inliers(rows).values())
    assert np.isnan(tests.neighbour_distance(rows)).tolist() == [False, False, True, False]
    assert not any(inside.any() for inside in tests.inliers(rows * np.nan).values())


def test_too_few_accepted_rows_are_refused(schema, parts):
    with pytest.raises(InputError, match="more than 20 accepted training rows and 5"):
        PlausibilityTests.fit(schema, RichGold(), parts[0].head(25), parts[1])
    with pytest.raises(InputError, match=r"got .* and 0"):
        PlausibilityTests.fit(schema, RichGold(), parts[0], parts[1].head(0))

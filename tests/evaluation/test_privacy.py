"""Copies of training rows and distances to them, against loops over the rows."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from carla_genre.errors import InputError
from carla_genre.evaluation.cost import cost
from carla_genre.evaluation.privacy import Privacy


@pytest.fixture(scope="module")
def train(frame):
    """A row that is there six times, one that is there four times, and others once."""
    own = frame.head(40)
    return pd.concat([own, *[own.iloc[[0]]] * 5, *[own.iloc[[1]]] * 3], ignore_index=True)


@pytest.fixture(scope="module")
def held_out(frame):
    return frame.iloc[100:130]


@pytest.fixture
def privacy(approver, train, held_out):
    return Privacy(approver, {"train": train, "held_out": held_out})


def nearest(schema, train, row):
    """The least cost of going from one row to a training row."""
    others = pd.concat([row] * len(train)).set_axis(train.index)
    return cost(schema, others, train).min()


def test_a_copy_of_few_rows_is_a_rare_one(privacy, train, factuals):
    answers = train.iloc[[0, 1, 2, 2, 3, 0]].set_axis(factuals.index)
    answers.loc["p3", "income"] += 0.001
    answers.loc["p4"] = np.nan
    rows = privacy.rows(factuals, answers)
    np.testing.assert_array_equal(rows["Copies"], [1, 1, 1, 0, np.nan, 1])
    np.testing.assert_array_equal(rows["Rare_Copies"], [0, 1, 1, 0, np.nan, 0])
    assert privacy.get_evaluation(factuals, answers)["Copies"].mean() == pytest.approx(4 / 5)


def test_k_says_what_is_rare(approver, train, held_out, factuals):
    answers = train.iloc[[0, 1, 2, 2, 3, 0]].set_axis(factuals.index)
    for k, expected in ((1, [0] * 6), (7, [1] * 6), (4, [0, 0, 1, 1, 1, 0])):
        measure = Privacy(approver, {"train": train, "held_out": held_out, "k": k})
        assert measure.rows(factuals, answers)["Rare_Copies"].tolist() == expected


def test_a_copy_is_one_in_the_precision_that_methods_write(privacy, train, factuals):
    answers = train.tail(6).set_axis(factuals.index)
    assert privacy.rows(factuals, answers.astype(np.float32))["Copies"].all()
    moved = answers.assign(income=np.nextafter(answers["income"].astype(np.float32), np.float32(2)))
    assert not privacy.rows(factuals, moved)["Copies"].any()
    assert privacy.rows(factuals, answers.replace(0.0, -0.0))["Copies"].all()


def test_the_distance_is_the_least_cost(privacy, schema, train, held_out, factuals, frame):
    answers = frame.tail(6).set_axis(factuals.index)
    rows = privacy.rows(factuals, answers)
    expected = [nearest(schema, train, answers.iloc[[i]]) for i in range(6)]
    np.testing.assert_allclose(rows["Closest_Distance"], expected, atol=1e-6)
    reference = np.mean([nearest(schema, train, held_out.iloc[[i]]) for i in range(len(held_out))])
    np.testing.assert_allclose(rows["Closest_Distance_Ratio"], np.array(expected) / reference, rtol=1e-5)


def test_one_changed_category_is_one_away_whatever_its_encoding(approver, schema, train, factuals):
    alone = train.iloc[[0]]
    measure = Privacy(approver, {"train": alone, "held_out": alone})
    answers = pd.concat([alone] * 6).set_axis(factuals.index)
    jobs = ["job_clerk", "job_cook", "job_smith"]
    answers.loc["p0", jobs] = np.roll(answers.loc["p0", jobs].to_numpy(dtype=float), 1)
    answers.loc["p1", "sex_male"] = 1 - answers.loc["p1", "sex_male"]
    assert measure.rows(factuals, answers)["Closest_Distance"].tolist() == [1, 1, 0, 0, 0, 0]


def test_levels_that_are_texts_are_compared_as_such(factuals):
    text = factuals[["income"]].assign(job=["cook", "smith"] * 3)
    data = SimpleNamespace(
        continuous=["income"],
        categorical=["job"],
        immutables=[],
        target="y",
        df=text,
        df_train=text,
        df_test=text.assign(income=text["income"] + 0.5),
    )
    measure = Privacy(SimpleNamespace(feature_input_order=["income", "job"], data=data))
    assert measure.rows(text, text)["Copies"].all()
    other = measure.rows(text, text.assign(income=text["income"].iloc[0], job="smith"))
    distance = min(1, np.abs(text["income"] - text["income"].iloc[0])[text["job"] == "smith"].min())
    np.testing.assert_allclose(other["Closest_Distance"], distance, atol=1e-6)


def test_held_out_rows_that_all_are_copies_are_no_measure(approver, train, factuals):
    measure = Privacy(approver, {"train": train, "held_out": train.head(5)})
    rows = measure.rows(factuals, train.head(6).set_axis(factuals.index))
    assert rows["Closest_Distance_Ratio"].isna().all()
    assert (rows["Closest_Distance"] == 0).all()
    shown = measure.get_evaluation(factuals, factuals)  # the other figures are there
    assert len(shown) == len(factuals) and shown["Closest_Distance"].notna().all()


def test_rows_with_gaps_are_nobody(approver, train, held_out, factuals):
    broken = train.copy()
    broken.loc[:, "income"] = np.nan
    with pytest.raises(InputError, match="train has none"):
        Privacy(approver, {"train": broken, "held_out": held_out}).rows(factuals, factuals)
    with pytest.raises(InputError, match="the data have no df_test"):
        Privacy(approver).rows(factuals, factuals)
    broken.loc[0, "income"] = train.loc[0, "income"]
    measure = Privacy(approver, {"train": broken, "held_out": held_out})
    assert measure.rows(factuals, train.head(6).set_axis(factuals.index))["Copies"].tolist() == [1] + [0] * 5


def test_nobody_asked_and_nobody_answered(privacy, factuals):
    assert len(privacy.rows(factuals.head(0), factuals.head(0))) == 0
    assert privacy.rows(factuals, factuals * np.nan).isna().all(axis=None)

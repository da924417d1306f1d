import numpy as np
import pandas as pd
import pytest
from protocol_cases import few_trees

from carla_genre.errors import InputError
from carla_genre.evaluation.gold import GoldClassifier, draw_labels


@pytest.fixture(scope="module", autouse=True)
def quick_gold():
    with few_trees():
        yield


@pytest.fixture(scope="module")
def noisy():
    """Two features, p(y = 1) = .9 to the right of 0 and .2 to the left."""
    random = np.random.default_rng(1)
    x = random.normal(size=(1200, 2))
    return x, random.random(1200) < np.where(x[:, 0] > 0, 0.9, 0.2)


@pytest.fixture(scope="module")
def gold(noisy):
    return GoldClassifier().fit(*noisy)


def test_probability_orders_the_two_sides_and_is_a_probability(noisy, gold):
    p = gold.probability(noisy[0])
    right = noisy[0][:, 0] > 0
    assert ((p >= 0) & (p <= 1)).all()
    assert p[right].mean() > 0.7 > 0.4 > p[~right].mean()


def test_classes_are_weighed_equally():
    random = np.random.default_rng(2)
    x = random.normal(size=(1000, 1))
    y = random.random(1000) < 0.1  # independent of x: balanced weights put p near .5, plain ones near .1
    assert 0.35 < GoldClassifier().fit(x, y).probability(x).mean() < 0.65


def test_same_seed_same_probability_and_another_seed_another(noisy, gold):
    again = GoldClassifier(42, n_jobs=2).fit(*noisy).probability(noisy[0])
    np.testing.assert_array_equal(gold.probability(noisy[0]), again)
    assert (GoldClassifier(7).fit(*noisy).probability(noisy[0]) != again).any()


def test_rows_with_nan_have_no_probability_and_are_not_accepted(noisy, gold):
    rows = np.array([[2.0, 0.0], [np.nan, 0.0]])
    assert np.isnan(gold.probability(rows)).tolist() == [False, True]
    assert gold.accepts(rows).tolist() == [True, False]
    assert np.isnan(gold.probability(rows[1:])).all()
    assert gold.probability(rows[:0]).shape == (0,)


def test_frames_are_read_by_column_name(noisy):
    x, y = noisy
    frame = pd.DataFrame(x, columns=["a", "b"])
    gold = GoldClassifier().fit(frame, y)
    shuffled = frame[["b", "a"]].assign(y=1)
    np.testing.assert_array_equal(gold.probability(shuffled), gold.probability(x))
    with pytest.raises(InputError, match=r"\['a'\]"):
        gold.probability(frame[["b"]])


@pytest.mark.parametrize("labels", [[0] * 10, [0, 2] * 5, [1, 2] * 5])
def test_labels_must_be_both_0_and_1(labels):
    with pytest.raises(InputError, match="labels 0 and 1"):
        GoldClassifier().fit(np.zeros((10, 1)), labels)


def test_a_class_smaller_than_the_folds_is_refused():
    with pytest.raises(InputError, match=r"5 rows.*\[8, 2\]"):
        GoldClassifier().fit(np.zeros((10, 1)), [0] * 8 + [1] * 2)


def test_drawn_labels_follow_the_probability_and_leave_the_global_state():
    p = np.repeat([0.0, 0.25, 1.0], 4000)
    before = np.random.get_state()[1].copy()
    labels = draw_labels(p, 42)
    assert (np.random.get_state()[1] == before).all()
    rates = labels.reshape(3, -1).mean(axis=1)
    assert rates[0] == 0
    assert rates[2] == 1
    assert abs(rates[1] - 0.25) < 0.03
    assert (draw_labels(p, 42) == labels).all()
    assert (draw_labels(p, 43) != labels).any()


def test_train_first_test_after_is_one_stream():
    p = np.full(100, 0.5)
    assert (draw_labels(p, 42)[:60] == draw_labels(p[:60], 42)).all()

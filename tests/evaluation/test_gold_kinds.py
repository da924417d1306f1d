"""Gold classifiers that are no forest: what every gold classifier is."""

import numpy as np
import pandas as pd
import pytest

from carla_genre.errors import InputError
from carla_genre.evaluation.gold import GoldClassifier
from carla_genre.evaluation.judges.gold_kinds import OTHERS, OtherGold, gold_of

KINDS = tuple(OTHERS)


@pytest.fixture(scope="module")
def noisy():
    """p(y = 1) = .9 where a > 0, else .1, whatever b is; a tenth of the rows has a > 0."""
    random = np.random.default_rng(1)
    rows = pd.DataFrame({"a": random.random(500) - 0.9, "b": random.random(500)})
    return rows, (random.random(500) < np.where(rows["a"] > 0, 0.9, 0.1)).astype(int)


@pytest.fixture(scope="module", params=KINDS)
def gold(request, noisy):
    return gold_of(request.param, 42).fit(*noisy)


def test_probability_orders_the_two_sides_and_weighs_the_classes_equally(noisy, gold):
    p = gold.probability(noisy[0])
    right = (noisy[0]["a"] > 0.01).to_numpy()
    assert ((p >= 0) & (p <= 1)).all()
    assert p[right].mean() > 0.8 > 0.5 > p[~right].mean() > 0.15  # without weights, .1


def test_columns_are_read_by_name_and_gaps_are_not_accepted(noisy, gold):
    rows = noisy[0].head(3)[["b", "a"]]
    np.testing.assert_array_equal(gold.probability(rows), gold.probability(noisy[0].head(3)))
    rows.iloc[1, 0] = np.nan
    assert np.isnan(gold.probability(rows)).tolist() == [False, True, False]
    assert not gold.accepts(rows)[1]


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_probability(noisy, kind):
    rows, labels = noisy[0].head(150), noisy[1][:150]
    before = np.random.get_state()[1].copy()
    first, again = (OtherGold(kind, 3).fit(rows, labels).probability(rows) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("labels", [[0] * 20, [0, 2] * 10, [0] * 17 + [1] * 3, [np.nan, 1] * 10])
def test_labels_that_cannot_be_learnt_are_refused(labels):
    with pytest.raises(InputError, match="labels 0 and 1, 5 rows of each or more"):
        OtherGold("boosting").fit(np.zeros((20, 1)), labels)


def test_the_kinds_have_names():
    assert type(gold_of("forest", 1)) is GoldClassifier
    with pytest.raises(InputError, match=r"no gold classifier 'forrest'\. Did you mean 'forest'"):
        gold_of("forrest", 1)

"""h trained again, on a small data set in COMPAS's place."""

import numpy as np
import pytest
import torch

from carla_genre.errors import InputError
from carla_genre.evaluation import FutureValidity
from carla_genre.methods.baselines.nearest import NearestNeighbor
from carla_genre.protocol import prepare
from carla_genre.protocol.classifiers import train_by_name
from carla_genre.protocol.retraining import retrained

pytestmark = pytest.mark.slow

EPOCHS = 40


@pytest.fixture(scope="module")
def setting(small_paper):
    return prepare("compas", seed=3, n_factuals=25)


def scores(classifier, setting):
    return classifier.predict(setting.data.df_test)[:, 0]


@pytest.mark.parametrize("rows", ["bootstrap", "same"])
def test_each_is_another_classifier_that_has_learnt(setting, rows):
    test = setting.data.df_test
    found = [scores(h, setting) for h in retrained(setting, 3, rows=rows, epochs=EPOCHS)]
    for own in found:
        assert ((own > 0.5) == test["granted"]).mean() > 0.75
        assert sum(np.array_equal(own, other) for other in found) == 1


def test_only_the_rows_change_or_only_the_initial_weights(setting):
    (other,) = retrained(setting, 1, rows="bootstrap", epochs=0)
    own = train_by_name("ann", setting.data, other.feature_input_order, True, setting.seed, epochs=0).mlmodel
    np.testing.assert_array_equal(scores(other, setting), scores(own, setting))
    (other,) = retrained(setting, 1, rows="same", epochs=0)
    assert (scores(other, setting) != scores(own, setting)).any()


def test_the_seed_and_the_number_decide_and_nothing_else_is_touched(setting):
    state, train = torch.get_rng_state(), setting.data.df_train
    three = retrained(setting, 3, seed=1, epochs=2)
    assert torch.equal(torch.get_rng_state(), state)
    assert setting.data.df_train.equals(train)
    assert all(h.data is setting.data for h in three)
    for few, many in zip(retrained(setting, 2, seed=1, epochs=2), three, strict=False):
        np.testing.assert_array_equal(scores(few, setting), scores(many, setting))
    (other,) = retrained(setting, 1, seed=2, epochs=2)
    assert (scores(other, setting) != scores(three[0], setting)).any()


def test_they_are_kept_by_content(setting, tmp_path):
    first = retrained(setting, 2, epochs=2, cache=tmp_path)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(files) == 2
    again = retrained(setting, 2, epochs=2, cache=tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(scores(one, setting), scores(other, setting))
    retrained(setting, 1, epochs=3, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_answers_far_inside_hold_better_than_those_at_the_boundary(setting):
    """Nearest accepted rows, of any score and of a high one, under the same classifiers."""
    measure = FutureValidity(setting.mlmodel, {"classifiers": retrained(setting, 3, epochs=EPOCHS)})
    near, far = (
        measure.get_evaluation(
            setting.factuals,
            NearestNeighbor(setting.mlmodel, {"gamma": gamma}).get_counterfactuals(setting.factuals),
        ).loc[0, "Future_Validity"]
        for gamma in (0.5, 0.9)
    )
    assert 0 < near < far
    stay = measure.get_evaluation(setting.factuals, setting.factuals).loc[0, "Future_Validity"]
    assert stay < near


def test_what_cannot_be_is_refused(setting):
    with pytest.raises(InputError, match="n must be 1 or more, it is 0"):
        retrained(setting, 0)
    with pytest.raises(InputError, match="'bootstrap' or 'same', it is 'others'"):
        retrained(setting, rows="others")

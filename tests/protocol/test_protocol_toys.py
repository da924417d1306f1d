"""The paper's toys as data of the protocol."""

import numpy as np
import pytest

from carla_genre.datasets.toys import TOYS
from carla_genre.methods.baselines.nearest import NearestNeighbor
from carla_genre.protocol import prepare


@pytest.mark.slow
@pytest.mark.parametrize("name", TOYS)
def test_a_toy_is_data_of_the_protocol(name):
    """Two continuous features, scaled on the train points, both free; h tells the sides apart."""
    setting = prepare(name, seed=42, n_factuals=30)
    h, schema = setting.mlmodel, setting.judge.schema
    assert h.feature_input_order == ["x1", "x2"]
    assert h.get_mutable_mask().all()
    assert not any(feature.immutable for feature in schema.features)
    train = setting.data.df_train[["x1", "x2"]]
    assert (train.min() == 0).all()
    np.testing.assert_allclose(train.max(), 1)
    assert (len(train), len(setting.data.df_test)) == (900, 100)
    assert not setting.balanced
    assert setting.checks["test accuracy of h"] > 0.8
    assert setting.score(NearestNeighbor(h).get_counterfactuals(setting.factuals)).val > 0.5

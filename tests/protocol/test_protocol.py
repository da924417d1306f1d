"""The paper's protocol on a small data set, and its checks on COMPAS where the files are."""

import numpy as np
import pandas as pd
import pytest
import torch

from carla_genre.errors import InputError
from carla_genre.methods.baselines.nearest import NearestNeighbor
from carla_genre.protocol import prepare
from carla_genre.protocol.classifiers import train_by_name
from carla_genre.protocol.data import flipped, load_protocol_data, relabel

from carla import Benchmark
from carla.recourse_methods import Wachter


@pytest.fixture(scope="module")
def setting(small_paper):
    return prepare("compas", seed=3, n_factuals=25)


def test_factuals_are_denied_test_rows_each_once(setting):
    data, h = setting.data, setting.mlmodel
    assert len(setting.factuals) == 25
    assert setting.factuals.index.is_unique
    assert setting.factuals.index.isin(data.df_test.index).all()
    assert (h.predict(setting.factuals)[:, 0] <= 0.5).all()


def test_the_checks_count_features_by_their_kinds(setting):
    data, checks = setting.data, setting.checks
    assert checks["categorical features"] == len(data.categorical)
    assert checks["features"] == len(data.categorical) + len(data.continuous)
    assert 0 < checks["immutable features"] == len(data.immutables) < checks["features"]


def test_methods_see_drawn_labels_and_no_test_row(setting):
    data = setting.data
    assert data.df.equals(data.df_train)
    assert not data.df.index.isin(data.df_test.index).any()
    original = load_protocol_data("compas")
    drawn, given = data.df_train[data.target], original.df_train[data.target]
    assert 0 < (drawn != given).mean() < 0.5
    features = data.df_train.columns.drop(data.target)
    pd.testing.assert_frame_equal(data.df_train[features], original.df_train[features])


def test_labels_follow_the_gold_classifier(setting):
    p = setting.gold.probability(setting.data.df_train)
    drawn = setting.data.df_train[setting.data.target].to_numpy()
    sure = p > 0.9
    assert drawn[sure].mean() > 0.85
    assert setting.checks["positive rate after"] == pytest.approx(drawn.mean())


def test_a_seed_moves_labels_classifier_and_rows_and_gives_the_same_again(setting):
    other = prepare("compas", seed=4, n_factuals=25)
    assert other.gold is setting.gold
    assert (other.data.df_train["granted"] != setting.data.df_train["granted"]).any()
    assert set(other.factuals.index) != set(setting.factuals.index)
    rows = setting.data.df_test
    assert (other.mlmodel.predict(rows) != setting.mlmodel.predict(rows)).any()
    again = prepare("compas", seed=3, n_factuals=25)
    pd.testing.assert_frame_equal(again.factuals, setting.factuals)


def test_noise_flips_that_share_of_the_train_labels_and_nothing_else(setting):
    noisy = prepare("compas", seed=3, n_factuals=25, label_noise=0.05)
    target, train = setting.data.target, setting.data.df_train
    flips = train[target] != noisy.data.df_train[target]
    assert flips.sum() == round(0.05 * len(train))
    assert set(train.loc[flips, target]) == {0, 1}  # either label may be flipped
    pd.testing.assert_frame_equal(noisy.data.df_train.drop(columns=target), train.drop(columns=target))
    pd.testing.assert_frame_equal(noisy.data.df_test, setting.data.df_test)
    assert noisy.gold is setting.gold and noisy.judge.inlier_test is setting.judge.inlier_test
    # h has learnt the flipped labels, and another seed flips others.
    rows = train[list(setting.mlmodel.feature_input_order)]
    assert (noisy.mlmodel.predict(rows) != setting.mlmodel.predict(rows)).any()
    labels = train[target].to_numpy()
    some, more = (flipped(labels, share, 3) != labels for share in (0.05, 0.2))
    assert (some == flips).all() and more[some].all()
    assert (flipped(labels, 0.05, 4) != flipped(labels, 0.05, 3)).any()


@pytest.mark.parametrize("share", [-0.1, 0.5, float("nan")])
def test_less_than_half_of_the_labels_can_be_noise(setting, share):
    with pytest.raises(InputError, match=r"label_noise must be at least 0 and below \.5"):
        prepare("compas", seed=3, n_factuals=25, label_noise=share)


def test_the_classifier_learns_without_touching_global_randomness(small_paper):
    data = load_protocol_data("compas")
    columns = [c for c in data.df_train.columns if c != data.target]
    before = torch.get_rng_state(), torch.get_num_threads()
    h = train_by_name("ann", data, columns, balanced=True, seed=1, epochs=60).mlmodel
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.get_num_threads() == before[1]
    predicted = h.predict(data.df_test)[:, 0] > 0.5
    assert (predicted == data.df_test["granted"]).mean() > 0.75
    again = train_by_name("ann", data, columns, balanced=True, seed=1, epochs=60).mlmodel
    np.testing.assert_array_equal(h.predict(data.df_test), again.predict(data.df_test))


def test_balanced_weights_accept_more_of_a_rare_class(small_paper):
    data = load_protocol_data("compas")
    columns = [c for c in data.df_train.columns if c != data.target]
    rare = np.random.default_rng(0).random(len(data.df_train)) < 0.15
    labels = data.df_train[data.target].to_numpy() * rare
    relabel(data, labels, np.zeros(len(data.df_test)))
    shares = [
        train_by_name("ann", data, columns, balanced, 42, epochs=60).mlmodel.predict(data.df_test).mean()
        for balanced in (True, False)
    ]
    assert shares[0] > 0.3 > shares[1]


def test_h_answers_frames_arrays_and_tensors_alike(setting):
    h, rows = setting.mlmodel, setting.factuals
    from_frame = h.predict_proba(rows[rows.columns[::-1]])
    array = rows[h.feature_input_order].to_numpy()
    np.testing.assert_array_equal(from_frame, h.predict_proba(array))
    tensor = torch.tensor(array, dtype=torch.float32, requires_grad=True)
    answer = h.predict_proba(tensor)
    np.testing.assert_allclose(answer.detach().numpy(), from_frame, rtol=1e-6)
    answer[:, 1].sum().backward()
    assert tensor.grad.abs().sum() > 0
    np.testing.assert_allclose(from_frame.sum(axis=1), 1, rtol=1e-6)
    assert h.predict(rows).shape == (25, 1)
    assert dict(zip(h.feature_input_order, h.get_mutable_mask(), strict=True)) == {
        "age": True,
        "sex_Male": False,
        "income": True,
        "children": True,
    }


def test_a_share_of_the_train_rows_is_a_part_of_them_under_the_same_h(setting):
    train = setting.data.df_train.copy()
    small, large = (setting.with_share(share) for share in (0.1, 0.4))
    for part, count in ((small, 60), (large, 240)):
        assert len(part.data.df_train) == len(part.data.df) == count
        assert len(part.data.df_train.merge(train.drop_duplicates())) == count
        pd.testing.assert_frame_equal(part.data.df_test, setting.data.df_test)
        np.testing.assert_array_equal(
            part.predict(setting.factuals), setting.mlmodel.predict(setting.factuals)
        )
    assert len(small.data.df_train.merge(large.data.df_train.drop_duplicates())) == 60
    pd.testing.assert_frame_equal(setting.data.df_train, train)
    pd.testing.assert_frame_equal(setting.with_share(0.1).data.df_train, small.data.df_train)
    pd.testing.assert_frame_equal(setting.with_share(1).data.df_train, train)


@pytest.mark.parametrize("share", [0, -0.1, 1.5, float("nan")])
def test_a_share_is_above_0_and_at_most_1(setting, share):
    with pytest.raises(InputError, match="share must be above 0 and at most 1"):
        setting.with_share(share)


def test_h_goes_through_carla_s_benchmark(setting):
    some = setting.factuals.head(3)
    run = Benchmark(setting.mlmodel, Wachter(setting.mlmodel, {"lr": 0.05, "t_max_min": 0.02}), some)
    assert run.compute_success_rate().iloc[0, 0] > 0


def test_an_accepted_neighbour_scores_above_staying_as_one_is(setting):
    answers = NearestNeighbor(setting.mlmodel).get_counterfactuals(setting.factuals)
    assert answers.index.equals(setting.factuals.index)
    scores = setting.score(answers)
    assert scores.violations == (0, 0, 0, 0, 0)
    assert scores.val > setting.score(setting.factuals).val


def test_more_rows_than_are_denied_are_refused(small_paper):
    with pytest.raises(InputError, match="5000 denied test rows are needed"):
        prepare("compas", n_factuals=5000)
    with pytest.raises(InputError, match="no data set 'boston'"):
        load_protocol_data("boston")


def test_another_gold_classifier_draws_other_labels_and_judges(small_paper, setting, tmp_path):
    other = prepare("compas", seed=3, n_factuals=25, gold="boosting", cache=tmp_path)
    train = setting.data.df_train.drop(columns="granted")
    pd.testing.assert_frame_equal(other.data.df_train.drop(columns="granted"), train)
    assert (other.data.df_train["granted"] != setting.data.df_train["granted"]).any()
    assert (other.gold.probability(train) != setting.gold.probability(train)).any()
    assert [path.name.startswith("other-gold") for path in sorted(tmp_path.glob("*gold*"))] == [True]
    again = prepare("compas", seed=3, n_factuals=25)
    assert again.gold is setting.gold
    with pytest.raises(InputError, match="no gold classifier 'tree'"):
        prepare("compas", gold="tree")

"""Every classifier of the protocol: it learns the drawn labels, is asked alike, and can be trained again."""

import numpy as np
import pandas as pd
import pytest
import torch

from carla_genre.errors import InputError
from carla_genre.methods.baselines.nearest import NearestNeighbor
from carla_genre.protocol import prepare
from carla_genre.protocol.classifiers import CLASSIFIERS, check_classifier, train_by_name
from carla_genre.protocol.data import input_columns, load_protocol_data, relabel
from carla_genre.protocol.retraining import retrained

pytestmark = pytest.mark.slow

OWN = "own_classifiers:naive_bayes"
EVERY = [*CLASSIFIERS, OWN]


@pytest.fixture(scope="module", params=EVERY)
def setting(small_paper, request):
    return prepare("compas", seed=3, n_factuals=25, classifier=request.param)


def scores(classifier, setting):
    return classifier.predict_proba(setting.data.df_test)[:, 1]


def test_it_learns_the_drawn_labels_and_denies_the_people(setting):
    assert setting.checks["test accuracy of h"] > 0.75
    assert (setting.mlmodel.predict_proba(setting.factuals)[:, 1] <= 0.5).all()
    answers = NearestNeighbor(setting.mlmodel).get_counterfactuals(setting.factuals)
    assert (setting.mlmodel.predict_proba(answers)[:, 1] > 0.5).all()
    assert setting.score(answers).violations.rows == 0


def test_only_h_and_the_people_are_other_than_with_the_paper_s(setting):
    paper_s = prepare("compas", seed=3, n_factuals=25)
    assert paper_s.gold is setting.gold
    pd.testing.assert_frame_equal(paper_s.data.df_train, setting.data.df_train)
    if setting.classifier != "ann":
        assert (scores(paper_s.mlmodel, setting) != scores(setting.mlmodel, setting)).any()


def test_frames_and_arrays_are_answered_alike(setting):
    h, rows = setting.mlmodel, setting.factuals
    array = rows[h.feature_input_order].to_numpy()
    from_frame = np.asarray(h.predict_proba(rows[rows.columns[::-1]]))
    np.testing.assert_array_equal(from_frame, np.asarray(h.predict_proba(array)))
    np.testing.assert_allclose(from_frame.sum(axis=1), 1, rtol=1e-6)
    assert h.predict(rows).shape == (25, 1)
    assert h.get_mutable_mask().tolist() == [column != "sex_Male" for column in h.feature_input_order]


def test_the_same_seed_is_the_same_classifier_and_no_global_randomness_is_touched(setting):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    data, columns = setting.data, input_columns(setting.data)
    again = train_by_name(setting.classifier, data, columns, setting.balanced, setting.seed).mlmodel
    np.testing.assert_array_equal(scores(again, setting), scores(setting.mlmodel, setting))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()


@pytest.mark.parametrize("rows", [pytest.param("bootstrap", marks=pytest.mark.slow), "same"])
def test_it_is_trained_again_on_other_rows_or_with_other_chance(setting, rows):
    """What uses no chance is the same again on the same rows, and only that."""
    train = setting.data.df_train.copy()
    found = retrained(setting, 2, rows=rows)
    pd.testing.assert_frame_equal(setting.data.df_train, train)
    assert all(other.data is setting.data for other in found)
    own, one, other = (scores(h, setting) for h in (setting.mlmodel, *found))
    without_chance = rows == "same" and setting.classifier in ("boosting", OWN)
    assert np.array_equal(one, other) == without_chance
    assert np.array_equal(one, own) == without_chance
    assert ((one > 0.5) == setting.data.df_test["granted"]).mean() > 0.75


@pytest.mark.parametrize("name", EVERY)
def test_balanced_weights_accept_more_of_a_rare_class(small_paper, name):
    data = load_protocol_data("compas")
    rare = np.random.default_rng(0).random(len(data.df_train)) < 0.15
    relabel(data, data.df_train[data.target].to_numpy() * rare, np.zeros(len(data.df_test)))
    shares = [
        np.mean(
            train_by_name(name, data, input_columns(data), balanced, 0, epochs=60).mlmodel.predict(
                data.df_test
            )
        )
        for balanced in (True, False)
    ]
    assert shares[0] > 1.5 * shares[1]


def test_the_linear_one_is_linear(small_paper):
    h = prepare("compas", 3, 25, classifier="linear").mlmodel
    random = np.random.default_rng(0)
    one, other = random.random((2, 50, len(h.feature_input_order)))
    logits = [np.log(p[:, 1] / p[:, 0]) for p in map(h.predict_proba, (one, other, (one + other) / 2))]
    np.testing.assert_allclose((logits[0] + logits[1]) / 2, logits[2], atol=1e-5)


def test_the_forest_does_not_repeat_the_drawn_labels_of_its_own_rows(small_paper):
    """One that grows to the last leaf says them nearly all again, although they are draws."""
    setting = prepare("compas", 3, 25, classifier="forest")
    train, h = setting.data.df_train, setting.mlmodel
    columns = h.feature_input_order
    grown = type(h.raw_model)(random_state=3).fit(train[columns].to_numpy(), train["granted"])
    repeats = [
        ((model.predict_proba(train[columns].to_numpy())[:, 1] > 0.5) == train["granted"]).mean()
        for model in (h, grown)
    ]
    assert repeats[1] > 0.98
    assert repeats[0] < repeats[1] - 0.02


@pytest.fixture
def train(small_paper, tmp_path):
    """Trains by name, or reads what is in the folder."""
    data = load_protocol_data("compas")
    return lambda name: train_by_name(name, data, input_columns(data), True, 3, tmp_path)


@pytest.mark.parametrize("name", ["linear", "boosting"])
def test_what_is_trained_is_kept_by_content(train, tmp_path, name):
    trained = train(name)
    train("forest")
    assert len(list(tmp_path.glob("h-*.joblib"))) == 2
    again = train(name)
    assert again.seconds == trained.seconds  # a training takes other seconds each time
    rows = trained.mlmodel.data.df_test
    np.testing.assert_array_equal(again.mlmodel.predict(rows), trained.mlmodel.predict(rows))


def test_one_s_own_is_not_kept_in_a_folder(train, tmp_path):
    """Nothing says when its code has changed."""
    assert train(OWN).seconds > 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("forrest", r"no classifier 'forrest'\. Did you mean 'forest'\? There are .*'module:function'"),
        (3, r"no classifier 3\."),
        (
            "gone:train",
            r"cannot load the classifier 'gone:train': ModuleNotFoundError: No module named 'gone'",
        ),
        ("own_classifiers:bayes", r"cannot load the classifier 'own_classifiers:bayes': .*'bayes'"),
        ("own_classifiers:NOT_A_FUNCTION", r"cannot be called, it is 3"),
    ],
)
def test_what_is_no_classifier_is_told_by_its_name(name, message):
    with pytest.raises(InputError, match=message):
        check_classifier(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("on_fewer_columns", r"must take the columns \['age'.*it takes"),
        ("on_other_data", "must keep the data that it is given"),
        ("without_carla", "must give an MLModel of CARLA's, got GaussianNB"),
    ],
)
def test_what_the_protocol_cannot_use_is_refused(small_paper, name, message):
    with pytest.raises(InputError, match=f"'own_classifiers:{name}' {message}"):
        prepare("compas", 3, 25, classifier=f"own_classifiers:{name}")

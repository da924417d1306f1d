import numpy as np
import pandas as pd
from method_cases import Logistic, answers_to, denied

from carla_genre.methods.baselines.sanity import CopyFactual, RandomAccepted


def test_the_copy_is_the_factual_and_costs_nothing(mlmodel: Logistic) -> None:
    factuals = denied(mlmodel)
    answers = CopyFactual(mlmodel).get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(answers, factuals[list(mlmodel.feature_input_order)])


def test_random_rows_are_accepted_training_rows_drawn_evenly(mlmodel: Logistic) -> None:
    factual = denied(mlmodel, 1)
    method = RandomAccepted(mlmodel)
    train = mlmodel.data.df_train
    accepted = (train["approved"] == 1) & (mlmodel.predict_proba(train)[:, 1] > 0.7)
    own = method.schema.encode(factual)
    rows = method.schema.encode(train[accepted])
    possible = rows[(rows == own)[:, method.schema.immutable].all(axis=1)]
    drawn = []
    for seed in range(400):
        method.hyperparams["seed"] = seed
        drawn.append(answers_to(method, own)[0])
    places = [int((possible == row).all(axis=1).argmax()) for row in drawn]
    assert all((possible[place] == row).all() for place, row in zip(places, drawn, strict=True))
    counts = np.bincount(places, minlength=len(possible))
    expected = 400 / len(possible)
    assert ((counts - expected) ** 2 / expected).sum() < 2 * len(possible)  # chi squared: mean one a row


def test_a_stranger_to_all_rows_keeps_the_immutables(mlmodel: Logistic) -> None:
    factual = denied(mlmodel, 1).assign(age=0.123)
    values = RandomAccepted(mlmodel).schema.encode(factual)
    answer = answers_to(RandomAccepted(mlmodel), values)
    position = RandomAccepted(mlmodel).schema.names.index("age")
    assert answer[0, position] == 0.123

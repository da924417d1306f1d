"""The protocol's setting on data whose gold classifier is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from benchmarks.studies.features.chain import TARGET, Chain
from carla_genre import load_dataset
from carla_genre.blackbox import model_probability
from carla_genre.errors import InputError
from carla_genre.evaluation.gold import GoldClassifier
from carla_genre.evaluation.lof import InlierTest
from carla_genre.evaluation.score import Judge
from carla_genre.protocol import Setting
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER, train_by_name
from carla_genre.schema import Schema

# Answers below it are less likely than nearly everyone of those who are accepted.
RARE = 0.05


class KnownGold(GoldClassifier):
    """The label's own probability in the place of a classifier that is fitted for it."""

    def __init__(self, chain: Chain) -> None:
        super().__init__()
        self.chain = chain

    def probability(self, features: ArrayLike | pd.DataFrame) -> np.ndarray:
        """p(y = 1) of each row, (n,); NaN for a row that has a NaN."""
        return self.chain.probability(features)


def known_setting(n_features: int, n_rows: int, n_factuals: int, seed: int) -> Setting:
    """Rows of the known model, h of the paper trained on them, and people that it denies.

    Parameters
    ----------
    n_features : int
        d.
    n_rows : int
        Train rows; half as many test rows.
    n_factuals : int
        Denied test rows.
    seed : int
        Of the rows, their labels, h and the people.

    Raises
    ------
    InputError
        h denies fewer test rows.
    """
    chain = Chain(n_features)
    rows = chain.frame(n_rows + n_rows // 2, seed)
    data = load_dataset(
        rows[:n_rows],
        test=rows[n_rows:],
        target=TARGET,
        immutables=chain.immutables,
        encoding_method="Identity",
        scaling_method="Identity",
        quiet=True,
    )
    mlmodel = train_by_name(PAPER_CLASSIFIER, data, chain.names, balanced=False, seed=seed).mlmodel
    gold = KnownGold(chain)
    features = data.df[list(chain.names)]
    judge = Judge(Schema.from_mlmodel(mlmodel), gold, InlierTest().fit(features[gold.accepts(features)]))
    test = data.df_test
    accepted = model_probability(mlmodel, test) > 0.5
    if (~accepted).sum() < n_factuals:
        raise InputError(
            f"{n_factuals} denied test rows are needed, h denies {(~accepted).sum()}: more rows, or fewer people"
        )
    factuals = test[~accepted].iloc[:n_factuals]
    checks = {"test accuracy of h": float((accepted == test[TARGET]).mean())}
    return Setting(f"chain-{n_features}", seed, mlmodel, factuals, judge, False, checks)


def likely(setting: Setting, answers: pd.DataFrame) -> float:
    """Share of answers whose exact density is above that of the RARE least likely accepted rows; no answer is not.

    Parameters
    ----------
    setting : Setting
        Of :func:`known_setting`.
    answers : DataFrame (n, any)
        Encoded, rows of NaN among them.
    """
    gold = setting.gold
    if not isinstance(gold, KnownGold):
        raise InputError(f"{setting.name} has no known density")
    rows = setting.data.df
    bound = np.quantile(gold.chain.log_density(rows[gold.accepts(rows)]), RARE)
    answered = answers.dropna()
    return float((gold.chain.log_density(answered) > bound).sum() / len(answers)) if len(answered) else 0.0

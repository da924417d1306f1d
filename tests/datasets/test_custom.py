"""A user's own table: what is guessed and told, and how it comes back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from custom_cases import ROWS, changed, load, loans

from carla_genre import InputError, load_dataset


def test_roles_are_guessed_and_every_guess_is_printed(capsys):
    catalog = load_dataset(loans())
    printed = capsys.readouterr().err.splitlines()
    assert catalog.target == "approved"
    assert catalog.continuous == ["age", "income", "children"]
    assert catalog.categorical == ["grade", "owner"]
    assert catalog.immutables == []
    assert [f"carla_genre: {note}" for note in catalog.notes] == printed
    for column in loans().columns:
        assert any(repr(column) in line for line in printed), column
    assert any("4 different numbers, taken as continuous" in line for line in printed)


def test_quiet_prints_nothing_and_keeps_the_notes(capsys):
    notes = load().notes
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
    assert notes


def test_what_is_said_is_not_guessed():
    catalog = load(categorical=["children"], continuous=["age", "income"], immutables="age", ignore="owner")
    assert catalog.categorical == ["grade", "children"]
    assert catalog.immutables == ["age"]
    assert "owner" not in catalog.df.columns
    assert not any("'age'" in note or "'children'" in note for note in catalog.notes)


def test_values_index_and_the_callers_frame_are_kept():
    table = loans()
    before = table.copy()
    catalog = load(table)
    pd.testing.assert_frame_equal(table, before)
    assert list(catalog.df.index) == list(table.index)
    assert set(catalog.df_train.index) | set(catalog.df_test.index) == set(table.index)
    back = catalog.inverse_transform(catalog.df)
    assert (back["grade"] == table["grade"]).all()
    assert (back["owner"] == table["owner"]).all()
    np.testing.assert_allclose(back[["age", "income"]], table[["age", "income"]])
    # a raw row goes the same way as those that were given
    features = table.drop(columns="approved")
    expected = catalog.df.drop(columns="approved")
    pd.testing.assert_frame_equal(catalog.transform(features), expected, check_like=True)


def test_split_is_stratified_and_follows_the_seed():
    catalog = load(test_size=0.2)
    assert (len(catalog.df_train), len(catalog.df_test)) == (96, 24)
    assert catalog.df_test["approved"].mean() == pytest.approx(1 / 3)
    pd.testing.assert_frame_equal(catalog.df_train, load(test_size=0.2).df_train)
    assert list(load(test_size=0.2, seed=1).df_train.index) != list(catalog.df_train.index)


def test_split_does_not_touch_the_global_random_state():
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    load()
    assert (np.random.get_state()[1] == before).all()


def test_given_test_rows_and_a_level_that_train_lacks():
    table = loans()
    train, test = table[table["grade"] != "G3"], table[table["grade"] == "G3"]
    catalog = load(train, test=test[test.columns[::-1]])
    assert list(catalog.df_train.index) == list(train.index)
    assert list(catalog.df_test.index) == list(test.index)
    assert (catalog.df_test["grade_G3"] == 1).all()
    assert (catalog.df_train["grade_G3"] == 0).all()


def test_name_follows_the_data_the_split_and_the_roles(tmp_path):
    path = tmp_path / "my loans (1).csv"
    loans().to_csv(path, index=False)
    names = [
        load(path).name,
        load().name,
        load(seed=1).name,
        load(changed(age=loans()["age"] + 1)).name,
        load(categorical=["children"]).name,
        load(encoding_method="OneHot").name,
    ]
    assert len(set(names)) == len(names)
    assert names[0].startswith("my_loans_1-")
    assert load().name == names[1]


def test_csv_file_equals_the_frame(tmp_path):
    path = tmp_path / "loans.csv"
    loans().rename(columns={"age": " age "}).to_csv(path, index=False)
    expected = load(loans().reset_index(drop=True))
    for given in (path, str(path)):
        pd.testing.assert_frame_equal(load(given).df, expected.df)


@pytest.mark.parametrize("positive", [None, "no", "yes"])
def test_labels_of_words(positive):
    labels = load(positive=positive).df["approved"]
    assert labels.mean() == pytest.approx(2 / 3 if positive == "no" else 1 / 3)


@pytest.mark.parametrize(
    ("values", "positive", "good"),
    [
        ((0, 1), None, 1),
        ((0.0, 1.0), None, 1.0),
        ((False, True), None, True),
        ((1, 2), None, 2),
        ((-1, 1), None, 1),
        ((1, 2), 1, 1),
        ((1, 2), "1", 1),
        (("<=50K.", ">50K."), None, ">50K."),
        (("<=50K.", ">50K."), "<=50K.", "<=50K."),
        (("Denied", "Approved"), None, "Approved"),
        (("default", "ok"), None, "ok"),
        ((" no", "yes "), None, "yes "),
    ],
)
def test_labels_become_zero_and_one(values, positive, good):
    column = np.array(values, dtype=object)[np.arange(ROWS) % 2]
    table = changed(approved=pd.Series(column.tolist(), index=loans().index))
    labels = load(table, positive=positive).df["approved"]
    assert labels.dtype == np.int64
    assert (labels.to_numpy() == (column == good)).all()


def test_target_is_found_where_it_is_obvious():
    assert load_dataset(loans().rename(columns={"approved": "Label"}), quiet=True).target == "Label"
    only = loans().rename(columns={"approved": "granted"}).drop(columns="owner")
    assert load_dataset(only, quiet=True).target == "granted"
    with pytest.raises(InputError, match="columns of two values: 'owner', 'granted'"):
        load_dataset(loans().rename(columns={"approved": "granted"}), quiet=True)
    with pytest.raises(InputError, match="no column has two values"):
        load_dataset(loans()[["age", "income"]], quiet=True)


def test_numbers_in_other_clothes():
    table = changed(
        age=loans()["age"].astype("Int64"),
        income=loans()["income"].map(str),
        owner=loans()["owner"].astype("boolean"),
        grade=loans()["grade"].astype("category"),
        flag=loans()["owner"].astype(int),
    )
    catalog = load(table)
    assert catalog.continuous == ["age", "income", "children"]
    assert catalog.categorical == ["grade", "owner", "flag"]
    pd.testing.assert_frame_equal(catalog.df[load().df.columns], load().df)


def test_blanks_around_levels_are_removed():
    table = loans()
    table["grade"] = [f" {value}" if number % 2 else value for number, value in enumerate(table["grade"])]
    catalog = load(table)
    pd.testing.assert_frame_equal(catalog.df, load().df)
    assert any("blanks around 60 values" in note for note in catalog.notes)


def test_a_question_mark_is_told_to_be_a_level():
    table = loans().replace({"grade": {"G3": "?"}})
    assert any("'grade'" in note and "'?' as a level" in note for note in load(table).notes)
    assert not any("'?'" in note for note in load().notes)


@pytest.mark.parametrize("kept", [["age", "income"], ["grade", "owner"]])
def test_only_numbers_or_only_categories(kept):
    table = loans()[[*kept, "approved"]]
    catalog = load(table)
    back = catalog.inverse_transform(catalog.df)
    for column in kept:
        expected = table[column]
        assert (
            np.allclose(back[column], expected)
            if column in catalog.continuous
            else (back[column] == expected).all()
        )


def test_the_direction_of_recourse_is_told_and_a_doubtful_one_doubted():
    assert any("aims at 'yes'" in note for note in load().notes)
    assert any("aims at 'no'" in note for note in load(positive="no").notes)
    table = changed(approved=(np.arange(ROWS) % 3 == 0).astype(int))
    assert not any("otherwise" in note for note in load(table).notes)
    for name in ("default", "credit_risk", "is_fraud", "churned"):
        table = table.rename(columns={table.columns[-1]: name})
        assert any("aims at 1" in note and "positive=0" in note for note in load(table, target=name).notes)
        assert not any("otherwise" in note for note in load(table, target=name, positive=0).notes)


def test_personal_features_that_recourse_may_change_are_told():
    table = changed(sex=["f", "m"] * 60, wage=loans()["income"])
    assert any("may change ['age', 'sex']" in note for note in load(table).notes)
    for said in ([], ["sex"]):
        assert not any("may change" in note for note in load(table, immutables=said).notes)
    assert not any("may change" in note for note in load(table, ignore=["age", "sex"]).notes)


def test_a_value_that_lies_far_out_is_told():
    income = loans()["income"].to_numpy().copy()
    assert not any("far out" in note for note in load().notes)
    income[7] = 1e8
    assert any(
        "'income'" in note and "far out" in note and "1e+08" in note
        for note in load(changed(income=income)).notes
    )


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%y", "%Y-%m-%d %H:%M:%S", "%d %b %Y"])
def test_dates_written_as_text_are_refused(form):
    days = pd.Series(
        pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(ROWS) % 40, "D"), index=loans().index
    )
    table = changed(day=days.dt.strftime(form))
    with pytest.raises(InputError, match="'day' holds dates or times"):
        load(table)
    assert "day" in load(table, categorical=["day"]).categorical


def test_constraints_reach_the_catalog():
    catalog = load(increasing="age", decreasing=["children"], ranges={"income": (0, 9000)})
    assert catalog.constraints == {
        "age": {"direction": "increase"},
        "income": {"range": (0.0, 9000.0)},
        "children": {"direction": "decrease"},
    }

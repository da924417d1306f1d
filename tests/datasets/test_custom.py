from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from carla_genre import InputError, load_dataset

ROWS = 120


def loans(rows=ROWS):
    """A made-up table: 12 levels, a bool, texts and numbers; the index counts backwards."""
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": random.integers(18, 80, rows),
            "income": random.normal(3000, 500, rows).round(2),
            "grade": [f"G{number % 12}" for number in range(rows)],
            "owner": random.random(rows) < 0.5,
            "children": random.integers(0, 4, rows),
            "approved": np.where(np.arange(rows) % 3 == 0, "yes", "no"),
        },
        index=[f"person {rows - number}" for number in range(rows)],
    )


def load(table=None, **arguments):
    arguments = {"target": "approved", "quiet": True} | arguments
    return load_dataset(loans() if table is None else table, **arguments)


def changed(**columns):
    return loans().assign(**columns)


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


def many_levels():
    return changed(grade=[f"name {number}" for number in range(ROWS)])


def ten_thousand_levels():
    table = pd.concat([loans()] * 250, ignore_index=True)
    return table.assign(grade=[f"code {number % 10_000}" for number in range(len(table))])


def with_gaps():
    table = loans()
    table.iloc[:7, table.columns.get_loc("income")] = np.nan
    table.iloc[3, table.columns.get_loc("grade")] = "  "
    return table


def two_names_alike():
    table = loans()
    table.columns = ["age", "income", "grade", "owner", "age", "approved"]
    return table


REFUSED = {
    "target of three values": (changed(approved=["a", "b", "c"] * 40), {}, "must have two values, it has 3"),
    "target of one value": (changed(approved="yes"), {}, "must have two values, it has 1"),
    "target of unclear words": (
        changed(approved=["red", "blue"] * 60),
        {},
        "positive='blue' or positive='red'",
    ),
    "positive unknown": (loans(), {"positive": "maybe"}, "positive='maybe' is no value"),
    "missing and blank": (with_gaps(), {}, r"'income' \(7\), 'grade' \(1\)"),
    "infinite": (changed(income=np.inf), {}, r"infinite in 'income' \(120\)"),
    "nothing but gaps": (changed(grade=[None] * ROWS), {}, r"'grade' \(120\)"),
    "missing target": (changed(approved=[None, "yes", "no"] * 40), {}, r"'approved' \(40\)"),
    "constant": (changed(bank="ours"), {}, r"'bank' has one value only.*ignore=\['bank'\]"),
    "a level a row": (many_levels(), {}, "'grade' is categorical with 120 levels in 120 rows"),
    "10,000 levels": (ten_thousand_levels(), {}, "'grade' is categorical with 10,000 levels"),
    "numbers as 119 levels": (loans(), {"categorical": ["income"]}, "'income' is categorical with"),
    "row number": (changed(number=range(ROWS)), {}, "looks like a row number"),
    "identifier": (changed(customer_id=np.arange(ROWS) ** 2), {}, "ignore=\\['customer_id'\\]"),
    "unknown target": (loans(), {"target": "aproved"}, "Did you mean 'approved'"),
    "unknown categorical": (loans(), {"categorical": ["Grades"]}, "categorical: .*Did you mean 'grade'"),
    "unknown immutable": (loans(), {"immutables": ["agee"]}, "immutables: .*Did you mean 'age'"),
    "unknown ignore": (loans(), {"ignore": ["zzz"]}, "there is no column 'zzz'"),
    "immutable target": (loans(), {"immutables": ["approved"]}, "names the target"),
    "two roles": (loans(), {"categorical": "age", "continuous": "age"}, "'age' is named by both"),
    "text as number": (loans(), {"continuous": ["grade"]}, "said to be continuous and holds 'G0'"),
    "a column twice": (two_names_alike(), {}, "column 'age' more than once"),
    "names of two parts": (pd.concat({"a": loans()}, axis=1), {}, "names are not texts"),
    "names that are numbers": (loans().rename(columns={"age": 3}), {}, r"not texts: \[3\]"),
    "no rows": (loans().iloc[:0], {}, "has no rows"),
    "no columns": (pd.DataFrame(), {}, "has no columns"),
    "only the target": (loans()[["approved"]], {}, "no column besides the target"),
    "few rows": (loans(12), {}, "12 rows are too few"),
    "one row of a label": (changed(approved=["yes"] + ["no"] * 119), {}, "one row only of its rarer value"),
    "dates": (changed(day=pd.Timestamp("2024-01-01")), {}, "'day' holds dates or times"),
    "mixed types": (changed(grade=[1, "a"] * 60), {}, "'grade' holds values of several or unknown types"),
    "lists": (changed(grade=[[1]] * ROWS), {}, "'grade' holds values of several or unknown types"),
    "names that meet": (changed(grade_G1=loans()["age"]), {}, "encoded as 'grade_G1'"),
    "test share": (loans(), {"test_size": 1.5}, "test_size=1.5"),
    "test share too small": (loans(), {"test_size": 0.001}, "fewer than two rows"),
    "seed": (loans(), {"seed": -1}, "seed=-1"),
    "test of other columns": (loans(), {"test": loans().drop(columns="age")}, r"\['age'\] are absent"),
    "one label in train": (
        loans().query("approved == 'no'"),
        {"test": loans()},
        "is 0 in every train row",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unusable_tables_are_refused_with_one_clear_error(case):
    table, arguments, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        load(table, **arguments)


def test_what_is_refused_as_a_guess_can_be_said():
    assert "number" in load(changed(number=range(ROWS)), continuous="number").continuous
    assert "number" not in load(changed(number=range(ROWS)), ignore="number").df


CSV_REFUSED = {
    "empty": ("", "is empty"),
    "header only": ("a,b\n", "has no rows"),
    "semicolons": ("a;b\n1;2\n", "separated by semicolons"),
    "a column twice": ("a,b,a\n1,2,3\n", "column 'a' more than once"),
    "long rows": ("a,b\n" + "1,2,3\n" * 30, "cannot be read as CSV"),
    "not text": (b"a,b\n\xff\xfe,\x00\n", "cannot be read as CSV"),
}


@pytest.mark.parametrize("case", CSV_REFUSED)
def test_unusable_files_are_refused(case, tmp_path):
    content, message = CSV_REFUSED[case]
    path = tmp_path / "loans.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ["gz", "zip", "xz", "bz2", "zst", "tar", "tar.gz"])
@pytest.mark.parametrize(
    "content", [b"", b"no archive", b"\x1f\x8b\x08\x00 cut", b"PK\x03\x04 cut", b"\xfd7zXZ\x00 cut"]
)
def test_a_broken_archive_is_refused_by_name(kind, content, tmp_path):
    path = tmp_path / f"loans.csv.{kind}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read|is empty") as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_cut_archive_is_refused_by_name(tmp_path):
    path = tmp_path / "loans.csv.gz"
    loans().to_csv(path, index=False)
    assert load(path).target == "approved"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="cannot be read"):
        load(path)


def test_a_folder_is_no_file(tmp_path):
    folder = tmp_path / "loans.csv"
    folder.mkdir()
    with pytest.raises(InputError, match="is a folder"):
        load(folder)


def test_the_home_of_nobody_is_refused_by_name():
    for arguments in ({"name": "~nosuchuser/loans.csv"}, {"name": "compas", "root": "~nosuchuser"}):
        with pytest.raises(InputError, match="~nosuchuser"):
            load_dataset(**arguments)

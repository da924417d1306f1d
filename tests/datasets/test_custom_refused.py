"""Tables and files that cannot be used are refused with one clear error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from custom_cases import ROWS, changed, load, loans

from carla_genre import InputError, load_dataset


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


def written(form, old="", new=""):
    return changed(income=[form.format(income).replace(old, new) for income in loans()["income"]])


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
    "decimal commas": (written("{:.2f}", ".", ","), {}, "'income' holds numbers written as text, as '.*,..'"),
    "thousands": (written("{:,.2f}"), {}, "'income' holds numbers written as text"),
    "thousands set apart": (
        written("{:,.2f}", ",", "\u202f"),
        {},
        "'income' holds numbers written as text",
    ),
    "euros": (written("{} €"), {}, "'income' holds numbers written as text, as '.* €'.*ignore="),
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
    "test rows and their share": (
        loans(),
        {"test": loans(), "test_size": 0.5},
        "test_size=0.5 is for .*drawn",
    ),
    "test rows and a seed": (loans(), {"test": loans(), "seed": 3}, "seed=3 is for test rows that are drawn"),
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


@pytest.mark.parametrize("argument", ["seed", "test_size"])
def test_known_data_are_split_already(argument):
    with pytest.raises(InputError, match=f"{argument}=.* is for test rows that are drawn: moons has its own"):
        load_dataset("moons", **{argument: 0.5 if argument == "test_size" else 3})


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

"""Rows come back from the catalog as their owner writes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carla_genre import InputError, load_dataset

ROWS = 40


def column(random, kind):
    """A column of some kind, of at least two values."""
    if kind == "whole":
        width = int(random.choice([2, 50, 10**6, 2**52]))
        return random.integers(-width, width, ROWS).astype("int32" if width == 50 else "int64")
    if kind == "decimals":
        return (random.normal(random.choice([0, 1e5]), random.choice([1, 3e4]), ROWS)).round(
            random.integers(0, 5)
        )
    if kind == "float":
        return random.normal(random.choice([0, 1e6]), 1, ROWS).astype(random.choice(["float32", "float64"]))
    if kind == "truth":
        return random.random(ROWS) < 0.5
    levels = [" own", "rent ", "with parents", "own" if random.random() < 0.5 else "x"][
        : random.integers(2, 5)
    ]
    if kind == "code":
        levels = [3, 7, 11, -1][: len(levels)]
    cells = random.choice(np.array(levels, dtype=object), ROWS).tolist()
    return pd.Categorical(cells) if kind == "category" else pd.Series(cells)


KINDS = ("whole", "decimals", "float", "truth", "text", "category", "code")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=5),
    st.integers(0, 10**6),
    st.sampled_from(["MinMax", "Standard", "Identity"]),
    st.sampled_from(["OneHot", "OneHot_drop_binary", "Identity"]),
)
def test_transform_and_inverse_are_exact_inverses_on_the_tables_rows(kinds, seed, scaling, encoding):
    random = np.random.default_rng(seed)
    table = pd.DataFrame({f"c{n}": column(random, kind) for n, kind in enumerate(kinds)})
    for name in table.columns[table.nunique() < 2]:
        table[name] = random.permutation(ROWS) * 3
    table["y"] = np.arange(ROWS) % 2
    codes = [f"c{n}" for n, kind in enumerate(kinds) if kind == "code" and table[f"c{n}"].nunique() < 5]
    said = [
        name
        for name in table
        if name != "y" and name not in codes and pd.api.types.is_numeric_dtype(table[name])
    ]
    said = [name for name in said if table[name].dtype != bool]
    data = load_dataset(
        table,
        target="y",
        categorical=codes,
        continuous=said,
        scaling_method=scaling,
        encoding_method=encoding,
        quiet=True,
    )
    for part in (data.df, data.df_test, data.df.iloc[:1]):
        back = data.inverse_transform(part)
        pd.testing.assert_frame_equal(back[table.columns], table.loc[part.index], check_exact=True)
        pd.testing.assert_frame_equal(data.transform(back)[part.columns], part, check_exact=True)


@pytest.mark.parametrize("dtype", ["category", "string", "object"])
def test_levels_of_any_dtype_are_read_as_the_catalog_has_them(dtype):
    cells = pd.Series(["own", " own", "rent", "x"] * 10).astype(dtype)
    codes = pd.Series([1, 2, 3, 4] * 10).astype("int8")
    table = pd.DataFrame({"a": cells, "b": codes, "y": [0, 1, 1, 0] * 10})
    data = load_dataset(table, target="y", categorical=["a", "b"], encoding_method="Identity", quiet=True)
    back = data.inverse_transform(data.df)
    pd.testing.assert_frame_equal(back[table.columns], table)
    pd.testing.assert_frame_equal(data.transform(back), data.df)


def loans():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": random.integers(18, 70, 300),
            "income": random.normal(3000, 900, 300).round(2),
            "home": random.choice([" own", " rent", "parents"], 300),
            "y": np.arange(300) % 2,
        }
    )


def test_numbers_that_the_table_does_not_have_keep_its_precision():
    data = load_dataset(loans(), target="y", quiet=True)
    people = loans().drop(columns="y").assign(age=np.arange(300) - 100, income=np.arange(300) * 7.37)
    people["income"] = people["income"].round(2)
    back = data.inverse_transform(data.transform(people))
    pd.testing.assert_frame_equal(back[people.columns], people, check_exact=True)


def test_what_is_no_noise_is_not_rounded():
    data = load_dataset(loans(), target="y", quiet=True)
    rows = data.df.head(3)
    rows.iloc[0, rows.columns.get_loc("age")] += 0.001
    rows.iloc[1, rows.columns.get_loc("home_rent")] = np.nan
    back = data.inverse_transform(rows)
    assert back["age"].iloc[0] != round(back["age"].iloc[0])
    assert back["age"].iloc[2] == loans()["age"].iloc[2]
    assert pd.isna(back["home"].iloc[1])


def test_levels_that_differ_in_blanks_only_are_kept_apart_and_told():
    table = loans().assign(home=lambda rows: np.where(rows.index % 3, rows["home"], "own"))
    data = load_dataset(table, target="y", quiet=True)
    assert (data.inverse_transform(data.df)["home"] == table["home"]).all()
    assert any("'home'" in note and "blanks" in note for note in data.notes)


NO_NUMBERS = {
    "time": pd.Timestamp("2024-01-01"),
    "span": pd.Timedelta(3, "D"),
    "complex": 1 + 2j,
    "bytes": b"12",
    "list": [1],
    "beyond a double": 2**53 + 1,
    "far beyond a double": 10**400,
}


def inferred(column):
    try:
        return column.infer_objects()
    except OverflowError:  # pandas before 2.3, of whole numbers beyond a double
        return column


@pytest.mark.parametrize("cell", NO_NUMBERS.values(), ids=NO_NUMBERS)
@pytest.mark.parametrize("others", [True, False])
def test_what_is_no_number_is_refused_by_name(cell, others, caplog):
    data = load_dataset(loans(), target="y", quiet=True)
    cells = [cell] * 300 if others else [cell, *loans()["age"].tolist()[1:]]
    column = pd.Series(cells, dtype=object)
    for wrong in {True: column, False: inferred(column)}.values():
        for table in (loans().assign(age=wrong), loans().assign(y=wrong)):
            with pytest.raises(InputError, match=r"'age'|'y'"):
                load_dataset(table, target="y", quiet=True)
        if others:
            with pytest.raises(InputError, match="'age'"):
                data.transform(loans().assign(age=wrong))
    if not others:  # one cell does not stop the other rows
        assert data.transform(loans().assign(age=column))["age"].isna().tolist() == [True] + 299 * [False]
        assert "row 0: column 'age'" in caplog.text


def test_unsigned_numbers_beyond_a_double_are_refused():
    table = loans().assign(age=np.arange(300, dtype=np.uint64) * 7 + np.uint64(2**63))
    with pytest.raises(InputError, match="'age' has whole numbers of 2"):
        load_dataset(table, target="y", quiet=True)


@pytest.mark.parametrize("cell", [["own"], {"a": 1}])
def test_lists_and_dicts_as_levels_are_refused_by_name(cell):
    data = load_dataset(loans(), target="y", quiet=True)
    with pytest.raises(InputError, match="'home'"):
        data.transform(loans().assign(home=pd.Series([cell] * 300)))


def test_a_gap_or_an_unknown_level_of_one_row_is_a_gap_of_that_row():
    data = load_dataset(loans(), target="y", quiet=True)
    people = loans()
    people.loc[3, "home"], people.loc[4, "income"] = "boat", np.nan
    encoded = data.transform(people)
    assert encoded.index[encoded.isna().any(axis=1)].tolist() == [3, 4]
    pd.testing.assert_frame_equal(encoded.drop([3, 4]), data.df.drop([3, 4]))

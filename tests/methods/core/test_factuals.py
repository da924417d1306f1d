"""Factuals that cannot be read, or are not encoded: the others are answered, and a word says so."""

from __future__ import annotations

import datetime
import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import Logistic, denied

from carla_genre import GenRe, InputError, build_method
from carla_genre.methods.carla.respecting import RespectConstraints

BAD = {
    "missing": ("income", np.nan),
    "NA": ("income", pd.NA),
    "infinite": ("income", -np.inf),
    "beyond single precision": ("income", 1e300),
    "text": ("income", "much"),
    "list": ("debt", [1.0]),
    "dict": ("debt", {"a": 1}),
    "whole number beyond a double": ("debt", 10**400),
    "whole number beyond 2**63": ("debt", 2**63 + 5),
    "Timestamp": ("debt", pd.Timestamp(0)),
    "date": ("debt", datetime.date(2020, 1, 1)),
    "Timedelta": ("debt", pd.Timedelta(1)),
    "complex": ("debt", 1j),
    "bytes": ("debt", b"1"),
    "no level": ("owner_yes", 0.5),
    "missing level": ("owner_yes", np.nan),
    "list as level": ("owner_yes", [1]),
    "complex level": ("owner_yes", 1 + 0j),
    "two levels": ("job_job a", 3),
}


@pytest.fixture(scope="module")
def methods(genre: GenRe, mlmodel: Logistic) -> dict[str, Any]:
    quiet = {"verbose": False}
    spheres = build_method("GrowingSpheres", mlmodel, quiet)
    return {
        "GenRe": genre,
        "NNR": build_method("NNR", mlmodel, quiet),
        "GrowingSpheres": spheres,
        "RespectConstraints": RespectConstraints(spheres),
    }


def spoiled(factuals: pd.DataFrame, rows: list[int], column: str, cell: Any) -> pd.DataFrame:
    """The factuals with that cell in some rows of a column."""
    cells = factuals[column].tolist()
    for row in rows:
        cells[row] = cell
    return factuals.assign(**{column: pd.Series(cells, factuals.index, dtype=object)})


@pytest.mark.parametrize("name", ["GenRe", "NNR", "GrowingSpheres", "RespectConstraints"])
@pytest.mark.parametrize("kind", BAD)
def test_a_row_that_cannot_be_read_does_not_stop_the_others(
    name: str, kind: str, methods: dict[str, Any], mlmodel: Logistic, caplog: pytest.LogCaptureFixture
) -> None:
    column, cell = BAD[kind]
    factuals, method = denied(mlmodel, 5), methods[name]
    right = method.get_counterfactuals(factuals.drop(factuals.index[[1, 3]]))
    caplog.clear()
    answers = method.get_counterfactuals(spoiled(factuals, [1, 3], column, cell))
    assert answers.index.equals(factuals.index) and answers.iloc[[1, 3]].isna().all(axis=None)
    pd.testing.assert_frame_equal(answers.drop(factuals.index[[1, 3]]), right, check_dtype=False)
    feature = column.split("_")[0]
    assert "2 of 5 factuals cannot be read" in caplog.text and f"'{feature}'" in caplog.text
    assert f"row {factuals.index[1]}: " in caplog.text
    with pytest.raises(InputError, match=f"'{feature}'"):  # nobody can be answered
        method.get_counterfactuals(spoiled(factuals, list(range(5)), column, cell))


def test_several_reasons_and_repeated_labels(
    genre: GenRe, mlmodel: Logistic, caplog: pytest.LogCaptureFixture
) -> None:
    factuals = denied(mlmodel, 6).set_axis([7, 7, 7, 5, 5, 5])
    right = genre.get_counterfactuals(factuals)
    bad = spoiled(
        spoiled(spoiled(factuals, [0], "income", np.nan), [2], "income", "much"), [5], "owner_yes", 7
    )
    answers = genre.get_counterfactuals(bad)
    assert answers.index.equals(factuals.index)
    assert answers.isna().all(axis=1).tolist() == [True, False, True, False, False, True]
    pd.testing.assert_frame_equal(answers.iloc[[1, 3, 4]], right.iloc[[1, 3, 4]], check_dtype=False)
    assert "'much'" in caplog.text and "missing or infinite" in caplog.text and "no level" in caplog.text


@pytest.mark.parametrize("name", ["GenRe", "NNR", "GrowingSpheres", "RespectConstraints"])
def test_raw_rows_are_told_of_once(
    name: str, methods: dict[str, Any], mlmodel: Logistic, caplog: pytest.LogCaptureFixture
) -> None:
    test = mlmodel.data.df_test
    methods[name].get_counterfactuals(test.head(300) if name in ("GenRe", "NNR") else denied(mlmodel))
    assert caplog.text == ""
    raw = denied(mlmodel, 4).assign(income=[2.4, 0.4, 0.5, 1.2], age=[-1.3, 0.1, 0.2, 0.4])
    methods[name].get_counterfactuals(raw)
    said = [record for record in caplog.records if "far outside" in record.message]
    assert len(said) == 1 and said[0].levelno == logging.WARNING
    assert "1 of 4 factuals" in said[0].message and "['income', 'age']" in said[0].message
    assert "data.transform" in said[0].message


def test_minus_zero_is_the_same_person_as_zero(methods: dict[str, Any], mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 5)
    factuals["debt"] = 0.0
    for name, method in methods.items():
        answers, other = (method.get_counterfactuals(rows) for rows in (factuals, factuals.assign(debt=-0.0)))
        pd.testing.assert_frame_equal(answers, other, obj=name)

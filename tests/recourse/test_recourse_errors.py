"""What the door is given wrongly is one error that names it and the way out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loans import QUICK, loans, pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from carla_genre import Recourse
from carla_genre.constraints import Freeze, OneWay, Where
from carla_genre.errors import InputError

TABLE = loans(300)
PEOPLE = TABLE.drop(columns="approved").head(20)
MODEL = pipeline(TABLE)


def with_outcomes(yes: int, no: int) -> pd.DataFrame:
    """So many rows of each outcome."""
    parts = [TABLE[TABLE["approved"] == label].head(n) for label, n in (("yes", yes), ("no", no))]
    assert [len(part) for part in parts] == [yes, no]
    return pd.concat(parts)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Recourse(MODEL, TABLE, "aproved"), "Did you mean 'approved'"),
        (lambda: Recourse(MODEL, TABLE, "approved", "yess"), "desired='yess'.*'no', 'yes'|'yes', 'no'"),
        (lambda: Recourse(MODEL, TABLE.drop(columns="age"), "approved"), "lacks the columns .'age'"),
        (lambda: Recourse(MODEL, TABLE.rename(columns={"age": 3}), "approved"), "not called by a text"),
        (lambda: Recourse(MODEL, TABLE.to_numpy(), "approved"), "must be a DataFrame, got ndarray"),
        (lambda: Recourse(MODEL, TABLE, "approved", ignore=["age"]), "which the classifier was trained on"),
        (lambda: Recourse(MODEL, TABLE, "approved", threshold=1.5), "threshold=1.5"),
        (lambda: Recourse(MODEL, pd.concat([TABLE, TABLE["age"]], axis=1), "approved"), "one name, .'age'"),
        (lambda: Recourse(MODEL, TABLE.head(0), "approved", "yes"), "no rows with 'approved'"),
        (lambda: Recourse(MODEL.predict, TABLE[["approved"]], "approved", "yes"), "no column besides"),
        (lambda: Recourse(MODEL, TABLE.replace({"age": {20: np.inf}}), "approved"), "'age' is infinite in"),
        (
            lambda: Recourse(MODEL, TABLE.assign(age=TABLE["age"].map(Decimal)), "approved"),
            "'age' holds Decimal",
        ),
        (lambda: Recourse(MODEL, TABLE.assign(approved=TABLE["debt"]), "approved"), "say which.*desired= a"),
        (lambda: Recourse(MODEL, TABLE, "approved", scale="minmax"), "'robust' or 'range'"),
        (lambda: Recourse(MODEL, TABLE, "approved", constraints=[Freeze("agee")]), "did you mean 'age'"),
        (lambda: Recourse(MODEL, TABLE, "approved", hyperparams={"prest": 1}), "did you mean 'preset'"),
        (
            lambda: Recourse(MODEL, TABLE.assign(approved=TABLE["dependants"]), "approved", (1, 3)),
            r"range for a regressor, Pipeline tells classes apart: .*a set, \{1, 3\}",
        ),
        (
            lambda: Recourse(
                lambda rows: rows["debt"],
                TABLE.assign(approved=TABLE["debt"]),
                "approved",
                (0, 5000),
                threshold=0.8,
            ),
            "threshold=0.8 is for probabilities",
        ),
        (
            lambda: Recourse(lambda rows: MODEL.predict_proba(rows)[:, 1] * 0.4, TABLE, "approved"),
            r"nobody of the desired outcome is accepted in table: .* says at most 0\.3.*, not above 0\.5; threshold=",
        ),
        (
            lambda: Recourse(
                lambda rows: rows["debt"] + 900, TABLE.assign(approved=TABLE["debt"]), "approved", (0, 800)
            ),
            "none has a prediction from 0 to 800; has desired= the unit",
        ),
        (
            lambda: Recourse(lambda rows: 0.6 + MODEL.predict_proba(rows)[:, 1] * 0.3, TABLE, "approved"),
            "nobody is refused in table: .* rows of another outcome, too",
        ),
        (lambda: Recourse(3, TABLE, "approved"), "int is no classifier"),
        (lambda: Recourse(SVC(), TABLE, "approved"), "SVC has no predict_proba"),
        (lambda: Recourse(LogisticRegression(), TABLE, "approved"), "NotFittedError"),
        (lambda: Recourse(MODEL.predict, TABLE, "approved"), "gives no numbers"),
        (lambda: Recourse(lambda rows: [0.3], TABLE, "approved"), "asked about 285 rows"),
        (lambda: Recourse(lambda rows: rows["income"], TABLE, "approved"), "from 0 to 1"),
        (
            lambda: Recourse(lambda rows: np.linspace(-0.2, 0.9, len(rows)), TABLE, "approved"),
            "gives -0.2: .*to 1",
        ),
        (lambda: Recourse(lambda rows: [0.3] * len(rows), TABLE, "approved"), "0.3 for every row"),
        (lambda: Recourse(MODEL, TABLE.assign(approved="yes"), "approved", "yes"), "outcome of every row"),
        (
            lambda: Recourse(MODEL, with_outcomes(5, 100), "approved"),
            "at least 6 rows whose 'approved' is 'yes'.*: 5 of",
        ),
        (
            lambda: Recourse(MODEL, with_outcomes(100, 1), "approved", held_out=50, seed=4),
            "and a row of another",
        ),
    ],
)
def test_what_cannot_be_learned_from(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()


def test_six_rows_of_the_desired_outcome_are_enough() -> None:
    recourse = Recourse(
        MODEL, with_outcomes(6, 100), "approved", held_out=0, verbose=False, hyperparams=QUICK
    )
    assert recourse.recommend(PEOPLE).status.eq("answered").any()


@pytest.fixture(scope="module")
def recourse() -> Recourse:
    return Recourse(MODEL, TABLE, "approved", verbose=False, hyperparams=QUICK)


@pytest.mark.parametrize(
    ("people", "further", "message"),
    [
        (PEOPLE.drop(columns="debt"), {}, "lacks the columns .'debt'"),
        (PEOPLE.values.tolist(), {}, "must be a DataFrame, got list"),
        (PEOPLE, {"n": 0}, "n=0"),
        (PEOPLE, {"by_person": [Freeze("age")]}, "by_person= is a mapping.*got list"),
        (PEOPLE, {"constraints": [OneWay("home", "up", order=["own", "own "])]}, "'home' twice"),
        (PEOPLE, {"constraints": [OneWay("home", "up", order=["own", "boat"])]}, "no level 'boat'"),
        (PEOPLE, {"constraints": [OneWay("home", "up")]}, "ordered pandas Categorical"),
        (PEOPLE, {"constraints": 3}, "take a list"),
        (PEOPLE, {"constraints": [Where(lambda rows: True, "mine")]}, r"Where\(mine\).*a bool for each"),
        (PEOPLE, {"by_person": {"nobody": [Freeze("age")]}}, "nobody"),
        (PEOPLE, {"by_person": pd.DataFrame({"age": ["no"]}, index=[0])}, "bools"),
        (pd.concat([PEOPLE, PEOPLE]), {"by_person": {0: [Freeze("age")]}}, "repeats"),
    ],
)
def test_what_cannot_be_answered(
    recourse: Recourse, people: Any, further: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        recourse.recommend(people, **further)


def test_people_with_one_index_twice_are_two_people(recourse: Recourse) -> None:
    found = recourse.recommend(pd.concat([PEOPLE, PEOPLE]))
    once = recourse.recommend(PEOPLE)
    assert len(found) == 2 * len(once)
    assert len(found.changes) == 2 * len(once.changes)


def test_a_page_escapes_what_cells_and_names_say(recourse: Recourse) -> None:
    people = PEOPLE.set_axis([f"<script>{i}</script>" for i in range(len(PEOPLE))])
    page = recourse.recommend(people).to_html(title="<b>")
    assert page is not None
    assert "<script>0" not in page
    assert "&lt;script&gt;0" in page
    assert "<b>" not in page


def test_pictures_show_one_person_and_the_group(recourse: Recourse) -> None:
    pytest.importorskip("matplotlib")
    found = recourse.recommend(PEOPLE, n=2)
    person = found.changes["person"].iloc[0]
    texts = [text.get_text() for axes in found.plot(person).axes for text in axes.texts]
    assert len(texts) == (found.changes["person"] == person).sum()
    assert "people with options" in found.plot().axes[0].get_xlabel()
    with pytest.raises(InputError, match="no person"):
        found.plot("nobody")

"""The practitioner's door, as it is used: a pipeline and a table in, rows to send out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loans import NUMBERS, PEOPLE, QUICK, TRAIN, built, pipeline, refused
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from carla_genre import Recourse
from carla_genre.constraints import Allowed, AtMost, Freeze, Implies, OneWay, Range, Weight, Where
from carla_genre.errors import InputError


def test_options_are_ones_own_row_with_changed_cells_that_the_pipeline_accepts(
    recourse: Recourse, model: Any, denied: pd.DataFrame
) -> None:
    found = recourse.recommend(denied, n=3)
    assert (found.status == "answered").mean() > 0.9
    assert found.rows.dtypes.equals(denied.dtypes)
    np.testing.assert_array_equal(model.predict_proba(found.rows)[:, 1], found.figures["h"])
    assert (found.figures["h"] > 0.5).all()
    own = denied.loc[found.rows.index]
    assert (found.rows["age"] == own["age"]).all()
    np.testing.assert_array_equal((found.rows != own).sum(axis=1), found.figures["changes"])
    assert found.rows["income"].round(2).equals(found.rows["income"])
    assert len(found.changes) == found.figures["changes"].sum()


def test_constraints_of_every_kind_hold_when_asked(recourse: Recourse, denied: pd.DataFrame) -> None:
    own = denied

    def asked(*constraints: Any, **further: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        found = recourse.recommend(own, n=2, constraints=constraints, **further)
        assert len(found)
        return own.loc[found.rows.index], found.rows

    before, after = asked(AtMost(1))
    assert ((before != after).sum(axis=1) == 1).all()
    before, after = asked(Freeze(only=["income", "home"]))
    assert before.drop(columns=["income", "home"]).equals(after.drop(columns=["income", "home"]))
    before, after = asked(OneWay("debt", "down"), OneWay("home", "up", order=["parents", "rent", "own"]))
    assert (after["debt"] <= before["debt"]).all()
    rank = {"parents": 0, "rent": 1, "own": 2}
    assert (after["home"].map(rank) >= before["home"].map(rank)).all()
    before, after = asked(Range("income", 1000, 4321.5))
    assert ((after["income"] == before["income"]) | after["income"].between(1000, 4321.5)).all()
    before, after = asked(Range("income", -0.1, 0.5, relative=True))
    assert (after["income"].between(0.9 * before["income"] - 1e-9, 1.5 * before["income"] + 1e-9)).all()
    before, after = asked(Allowed("home", ["own", "parents"], forbidden=[("rent", "parents")]))
    moved = before["home"] != after["home"]
    assert (after["home"][moved] != "rent").all()
    assert not ((before["home"] == "rent") & (after["home"] == "parents")).any()
    before, after = asked(Implies("home", to="own", then="dependants", grow=True))
    caused = (before["home"] != "own") & (after["home"] == "own")
    assert (after["dependants"] > before["dependants"])[caused].all()
    before, after = asked(Where(lambda rows: rows["debt"] % 500 == 0, "debt in steps of 500"))
    assert (after["debt"] % 500 == 0).all()
    before, after = asked(Weight("income", 50.0))
    free = recourse.recommend(own, n=2)
    assert (before["income"] != after["income"]).mean() < (free.changes["feature"] == "income").sum() / len(
        free
    )


def test_everyone_without_an_option_has_the_constraint_that_leaves_none(
    recourse: Recourse, denied: pd.DataFrame
) -> None:
    found = recourse.recommend(denied, constraints=[Range("income", high=700), AtMost(1), Freeze("debt")])
    reasons = found.unanswered["reason"]
    assert len(reasons)
    assert reasons.str.contains("Range|AtMost|Freeze").any()
    frozen = recourse.recommend(denied.head(3), constraints=[Freeze("income", "debt", "home", "dependants")])
    assert frozen.unanswered["reason"].str.contains("Freeze").all()
    assert (found.candidates["drawn"] >= found.candidates["allowed"]).all()


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (Freeze("incom"), "did you mean 'income'"),
        (Allowed("home", ["boat"]), "no level 'boat'"),
        (Range("home", 0, 1), "has levels"),
        (OneWay("home", "up"), "order"),
        ("age", "is none"),
        ([OneWay("debt", "up"), OneWay("debt", "down")], "leave nothing"),
        ([Range("debt", 0, 10), Range("debt", 20, 30)], "leave nothing"),
    ],
)
def test_a_wrong_constraint_is_told_when_it_is_given(
    recourse: Recourse, denied: pd.DataFrame, constraint: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        recourse.recommend(denied, constraints=constraint if isinstance(constraint, list) else [constraint])


def test_a_constraint_that_allows_nothing_cannot_be_written() -> None:
    for wrong in (
        lambda: Range("income", 3, 2),
        lambda: Freeze(),
        lambda: AtMost(0),
        lambda: OneWay("debt", "left"),
        lambda: Weight("debt", 0),
        lambda: Implies("debt", then="income"),
        lambda: Implies("debt", then="debt", grow=True),
        lambda: Implies("debt", then="income", grow=-1),
        lambda: OneWay("home", "up", order="own"),
        lambda: Allowed("home", []),
    ):
        with pytest.raises(InputError):
            wrong()


def test_several_classes_and_a_regressor_and_a_function() -> None:
    table = TRAIN.assign(
        approved=pd.cut(
            TRAIN["income"] - TRAIN["debt"] / 3, [-1e9, 1500, 3000, 1e9], labels=["bronze", "silver", "gold"]
        ).astype(str)
    )
    people, wanted = PEOPLE.head(30), ["silver", "gold"]
    model = pipeline(table)
    found = built(model, table, desired={"silver", "gold"}).recommend(people)
    places = [list(model.classes_).index(label) for label in wanted]
    assert (model.predict_proba(found.rows)[:, places].sum(axis=1) > 0.5).all()
    table = TRAIN.assign(approved=TRAIN["income"] - TRAIN["debt"] / 3)
    regressor = pipeline(table, model=GradientBoostingRegressor(random_state=0))
    found = built(regressor, table, desired=(2000.0, 4000.0)).recommend(people)
    predicted = regressor.predict(found.rows)
    assert ((predicted >= 2000) & (predicted <= 4000)).all()
    assert (found.status == "answered").any()
    inner = pipeline(TRAIN)
    found = built(lambda rows: inner.predict_proba(rows)[:, 1]).recommend(people)
    assert (inner.predict_proba(found.rows)[:, 1] > 0.5).all()
    numbered = pipeline(TRAIN.assign(approved=(TRAIN["approved"] == "yes").astype(int)))
    found = built(numbered).recommend(people)
    assert (numbered.predict_proba(found.rows)[:, 1] > 0.5).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(day=pd.date_range("2020-01-01", periods=len(t))), "dates"),
        (lambda t: t.assign(case=[f"c{i}" for i in range(len(t))]), "levels"),
        (lambda t: t.assign(number=range(len(t))), "identifier"),
        (lambda t: t.assign(amount=[str(i % 50) if i % 9 else "n/a" for i in range(len(t))]), "to_numeric"),
    ],
)
def test_what_can_be_no_feature_is_named_with_what_to_do(change: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        built(lambda rows: np.linspace(0, 1, len(rows)), change(TRAIN))


def test_the_carla_door_gives_the_same_answers(model: Any, denied: pd.DataFrame) -> None:
    from carla_genre import GenRe, load_dataset

    from carla import MLModel

    data = load_dataset(
        TRAIN, test=TRAIN.head(60), target="approved", positive="yes", immutables=["age"], quiet=True
    )

    class Raw(MLModel):
        feature_input_order = property(
            lambda self: [*NUMBERS[:3], *[c for c in data.df if c.startswith("home")], "dependants"]
        )
        backend = property(lambda self: "sklearn")
        raw_model = property(lambda self: model)

        def predict(self, x: Any) -> Any:
            return self.predict_proba(x)[:, 1]

        def predict_proba(self, x: Any) -> Any:
            return model.predict_proba(self.data.inverse_transform(x)[list(model.feature_names_in_)])

    door = built(model, constraints=[Freeze("age")], scale="range", held_out=0, n_samples=100)
    data_rows = data.transform(denied.assign(approved=0))
    genre = GenRe(Raw(data), {**QUICK, "n_samples": 100, "verbose": False, "calibrate": True})
    expected = genre.get_counterfactuals(data_rows).dropna()
    found = door.recommend(denied)
    shared = expected.index.intersection(found.rows.index)
    assert len(shared) > 0.9 * len(denied)
    raw = data.inverse_transform(expected.loc[shared])
    same = [(raw.loc[i, NUMBERS] == found.rows.loc[i, NUMBERS]).all() for i in shared]
    assert np.mean(same) == 1
    asked = genre.with_constraints({NUMBERS[1]: {"immutable": True}}).get_counterfactuals(data_rows).dropna()
    told = door.recommend(denied, constraints=[Freeze(NUMBERS[1])]).rows
    shared = asked.index.intersection(told.index)
    assert len(shared) > 0.9 * len(told) > 10
    pd.testing.assert_frame_equal(
        data.inverse_transform(asked.loc[shared])[NUMBERS], told.loc[shared, NUMBERS], check_dtype=False
    )


def test_what_one_person_says_changes_nobody_elses_options(model: Any, denied: pd.DataFrame) -> None:
    recourse, people = built(model, n_samples=100), denied.head(6)
    alone = recourse.recommend(people)
    one = people.index[2]
    told = recourse.recommend(people, by_person={one: [Freeze(NUMBERS[1])]})
    others = told.rows.index.difference([one])
    assert len(others) > 2
    pd.testing.assert_frame_equal(told.rows.loc[others], alone.rows.loc[others])
    assert told.candidates.loc[one, "drawn"] > alone.candidates.loc[one, "drawn"]


def test_results_are_written_in_plain_types(recourse: Recourse, denied: pd.DataFrame, tmp_path: Any) -> None:
    found = recourse.recommend(denied.head(3), n=2)
    found.to_csv(tmp_path / "options.csv")
    read = pd.read_csv(tmp_path / "options.csv", index_col=0)
    assert len(read) == len(found)
    people = json.loads(found.to_json())["people"]
    assert [len(one["options"]) for one in people] == found.figures["option"].groupby(
        level=0, sort=False
    ).max().tolist()
    change = people[0]["options"][0]["change"]
    assert all(cell["before"] != cell["after"] for cell in change.values())
    assert "accepted already" in repr(found)


def test_gradient_boosting_and_linear_models_are_asked_alike() -> None:
    for classifier in (LogisticRegression(max_iter=1000), GradientBoostingClassifier(n_estimators=10)):
        model = pipeline(TRAIN, model=classifier)
        found = built(model).recommend(refused(model, PEOPLE).head(10))
        assert (found.figures["h"] > 0.5).all()

"""The constraints that GenRe is built with hold, on top of the data's own."""

from pathlib import Path

import pytest
from method_cases import QUICK, Logistic, denied, make_mlmodel

from carla_genre import GenRe, InputError
from carla_genre.evaluation.violations import violations
from carla_genre.schema import Schema

FROZEN = ["age", "region_north", "region_south", "region_west"]


def test_constraints_hold(mlmodel: Logistic) -> None:
    constraints = {
        "income": {"direction": "increase"},
        "debt": {"direction": "decrease", "range": (2, 20)},
        "owner": {"immutable": True},
    }
    method = GenRe(mlmodel, {**QUICK, "constraints": constraints, "temperature": 1.0})
    factuals = denied(mlmodel, 60)
    found = method.get_counterfactuals(factuals).dropna()
    own = factuals.loc[found.index]
    assert len(found) > 20
    assert (found["income"] >= own["income"]).all() and (found["debt"] <= own["debt"]).all()
    changed = found["debt"] != own["debt"]
    assert changed.any()
    debt = mlmodel.data.inverse_transform(found)["debt"][changed]
    assert (debt >= 2 - 1e-9).all()
    assert (found["owner_yes"] == own["owner_yes"]).all()


def test_the_catalogs_own_constraints_hold() -> None:
    mlmodel = make_mlmodel(increasing=["income"], ranges={"debt": (5, None)})
    method = GenRe(mlmodel, {**QUICK, "temperature": 1.0})
    factuals = denied(mlmodel, 60)
    found = method.get_counterfactuals(factuals).dropna()
    own = factuals.loc[found.index]
    assert (found["income"] >= own["income"]).all() and (found["income"] > own["income"]).any()
    debt = mlmodel.data.inverse_transform(found)["debt"]
    assert (debt[found["debt"] != own["debt"]] >= 5 - 1e-9).all()


def test_two_columns_frozen_by_a_user_stay(mlmodel: Logistic) -> None:
    method = GenRe(
        mlmodel, {**QUICK, "constraints": {"income": {"immutable": True}, "job": {"immutable": True}}}
    )
    factuals = denied(mlmodel, 60)
    found = method.get_counterfactuals(factuals).dropna()
    assert len(found)
    columns = ["income", *[c for c in found if c.startswith("job_")], *FROZEN]
    assert (found[columns] == factuals.loc[found.index, columns]).all(axis=None)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (
            {"income": {"direction": "decrease"}},
            "'income': direction 'decrease' contradicts the data's 'increase'",
        ),
        ({"debt": {"range": (13, 20)}}, r"'debt': range \(13.0, 20.0\) has nothing in common"),
        ({"debt": {"range": (12, 5)}}, r"'debt': range must be \(low, high\)"),
        ({"debt": {"range": (float("nan"), 5)}}, r"'debt': range must be \(low, high\)"),
        ({"debt": [0, 10]}, "'debt': expected a dict"),
        ({"debt": None}, "'debt': expected a dict"),
        ({"debt": {"direction": ["increase"]}}, "'debt': expected a dict"),
    ],
)
def test_constraints_that_contradict_the_catalogs_are_refused_by_name(rules: dict, says: str) -> None:
    strict = make_mlmodel(increasing=["income"], ranges={"debt": (5, 12)})
    with pytest.raises(InputError, match=says):
        GenRe(strict, {**QUICK, "constraints": rules})


def test_own_constraints_only_add_to_the_catalogs_and_the_file_is_for_the_same_classifier(
    tmp_path: Path,
) -> None:
    strict = make_mlmodel(increasing=["income"], ranges={"debt": (5, 12), "income": (None, 60)})
    wider = {
        "debt": {"range": (0, 10)},
        "income": {"range": (0, 1e6), "immutable": False},
        "owner": {"immutable": True},
    }
    method = GenRe(strict, {**QUICK, "constraints": wider, "temperature": 1.0})
    factuals = denied(strict, 60)
    answers = method.get_counterfactuals(factuals)
    assert answers.notna().all(axis=1).sum() > 20
    assert violations(Schema.from_mlmodel(strict), factuals, answers).rows == 0
    assert violations(method.schema, factuals, answers).rows == 0
    debt = strict.data.inverse_transform(answers.dropna())["debt"]
    moved = answers.dropna()["debt"] != factuals.loc[debt.index, "debt"]
    assert debt[moved].max() <= 10 + 1e-9
    method.save(tmp_path / "file")
    assert GenRe.load(tmp_path / "file", strict).schema == method.schema

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from carla_genre import InputError, Schema, load_dataset
from carla_genre.schema import Feature

FRAME = pd.DataFrame(
    {
        "income": [10.0, 20.5, 15.25, 40.0, 11.0, 12.0] * 5,
        "job": ["a", "b", "c", "a", "b", "c"] * 5,
        "job_level": [1, 2, 3, 4, 5, 6] * 5,
        "owner": ["no", "yes"] * 15,
        "y": [0, 1, 1] * 10,
    }
)
ROLES = {"target": "y", "categorical": ["job", "owner"], "continuous": ["income", "job_level"]}


def mlmodel(data: Any, columns: list[str] | None = None) -> Any:
    """All that a schema is read from."""
    names = columns or [column for column in data.df_train.columns if column != data.target]
    return SimpleNamespace(data=data, feature_input_order=names)


def catalog(encoding: str = "OneHot_drop_binary", **options: Any) -> Any:
    return load_dataset(FRAME, encoding_method=encoding, quiet=True, **{**ROLES, **options})


@pytest.mark.parametrize("encoding", ["OneHot_drop_binary", "OneHot", "Identity"])
def test_decode_inverts_encode(encoding: str) -> None:
    data = catalog(encoding)
    schema = Schema.from_mlmodel(mlmodel(data))
    assert sorted(schema.names) == ["income", "job", "job_level", "owner"]
    values = schema.encode(data.df)
    assert values.shape == (30, 4)
    back = schema.decode(values, data.df.index)
    pd.testing.assert_frame_equal(back, data.df[list(schema.columns)], check_dtype=False)
    assert Schema.from_dict(schema.to_dict()) == schema


def test_a_feature_whose_name_begins_like_a_group_is_its_own() -> None:
    schema = Schema.from_mlmodel(mlmodel(catalog("OneHot")))
    by_name = {feature.name: feature for feature in schema.features}
    assert by_name["job"].columns == ("job_a", "job_b", "job_c")
    assert by_name["job"].levels == ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    assert by_name["job_level"].columns == ("job_level",) and by_name["job_level"].levels is None


def test_data_without_an_encoder_are_grouped_by_the_longest_prefix() -> None:
    frame = pd.DataFrame(
        {"a_x": [0.0, 1.0], "a_y": [1.0, 0.0], "a_b_x": [1.0, 0.0], "a_b_y": [0.0, 1.0], "n": [0.1, 0.9]}
    )
    data = SimpleNamespace(
        categorical=["a", "a_b"], continuous=["n"], immutables=["a_b"], target="t", df=frame, df_train=frame
    )
    schema = Schema.from_mlmodel(mlmodel(data, list(frame)))
    assert [feature.columns for feature in schema.features] == [("a_x", "a_y"), ("a_b_x", "a_b_y"), ("n",)]
    assert schema.immutable.tolist() == [False, True, False]
    assert schema.categorical.tolist() == [True, True, False]


def test_columns_that_the_classifier_does_not_see_are_left_out() -> None:
    data = catalog(immutables=["job"])
    schema = Schema.from_mlmodel(mlmodel(data, ["job_level", "income"]))
    assert schema.names == ("job_level", "income") and not schema.immutable.any()


def test_cost_is_l1_with_one_for_a_changed_category() -> None:
    schema = Schema(
        (Feature("n", ("n",)), Feature("c", ("c_1", "c_2", "c_3"), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))),
        ("n", "c_1", "c_2", "c_3"),
    )
    cost = schema.cost(np.array([[0.5, 0.0], [0.5, 2.0]]), np.array([[0.25, 2.0], [0.75, 2.0]]))
    np.testing.assert_allclose(cost, [1.25, 0.25])
    assert schema.cost(np.zeros((4, 1, 2)), np.ones((4, 3, 2))).shape == (4, 3)


def test_a_row_with_nan_of_levels_that_are_words_decodes_to_a_row_of_nan() -> None:
    schema = Schema((Feature("job", ("job",), (("clerk",), ("cook",))),), ("job",))
    assert schema.decode(np.array([[1.0], [np.nan]]))["job"].isna().tolist() == [False, True]
    assert schema.decode(np.array([[1.0], [np.nan]]))["job"][0] == "cook"


def test_a_row_with_nan_decodes_to_a_row_of_nan() -> None:
    schema = Schema.from_mlmodel(mlmodel(catalog("OneHot")))
    values = schema.encode(catalog("OneHot").df).copy()
    values[3, 0] = np.nan
    frame = schema.decode(values)
    assert frame.iloc[3].isna().all() and frame.drop(index=3).notna().all(axis=None)


def test_constraints_come_from_the_catalog_and_from_the_caller() -> None:
    data = catalog(increasing=["income"], ranges={"job_level": (2, None)})
    schema = Schema.from_mlmodel(
        mlmodel(data), {"job_level": {"direction": "decrease"}, "owner": {"immutable": True}}
    )
    by_name = {feature.name: feature for feature in schema.features}
    assert by_name["income"].direction == 1 and by_name["job_level"].direction == -1
    assert by_name["job_level"].lower == pytest.approx(1 / 5)  # 2 of 1 ... 6, scaled
    assert by_name["owner"].immutable


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ({"incom": {"immutable": True}}, "did you mean 'income'"),
        ({"income": {"directions": "increase"}}, "expected a dict with keys"),
        ({"income": {"range": 3}}, "two numbers"),
        ({"income": {"range": (90, 99)}}, "no training row is inside"),
        ({"job": {"direction": "increase"}}, "a categorical has no direction"),
    ],
)
def test_wrong_constraints_are_named(constraints: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Schema.from_mlmodel(mlmodel(catalog()), constraints)


def test_what_cannot_be_encoded_is_named() -> None:
    data = catalog("OneHot")
    schema = Schema.from_mlmodel(mlmodel(data))
    rows = data.df
    with pytest.raises(InputError, match=r"lacks the classifier's columns \['income'\]"):
        schema.encode(rows.drop(columns="income"))
    with pytest.raises(InputError, match="'income' is not numeric"):
        schema.encode(rows.assign(income="much"))
    with pytest.raises(InputError, match="row 4: column 'income' has missing or infinite values"):
        schema.encode(rows.assign(income=rows["income"].where(rows.index != 4)))
    with pytest.raises(InputError, match=r"row 0: .*no level of categorical 'job'"):
        schema.encode(rows.assign(job_a=1.0, job_b=1.0))
    with pytest.raises(InputError, match="twice"):
        schema.encode(pd.concat([rows, rows[["income"]]], axis=1))
    with pytest.raises(InputError, match=r"expected shape \(B, 4\)"):
        schema.decode(np.zeros((2, 3)))


def test_a_schema_remembers_the_training_range_apart_from_the_constrained_one() -> None:
    data = catalog(ranges={"income": (15, 20)})
    schema = Schema.from_mlmodel(mlmodel(data))
    for known in (schema, Schema.from_dict(json.loads(json.dumps(schema.to_dict())))):
        row = known.encode(data.df_test.head(1))
        far = known.far_outside(row + np.array([[0.0], [0.9], [3.0], [-3.0]]))
        assert far[:, ~schema.categorical].any(axis=1).tolist() == [False, False, True, True]
        assert not far[:, schema.categorical].any()


def test_a_column_of_no_feature_is_named() -> None:
    with pytest.raises(InputError, match="'height' belongs to no feature"):
        Schema.from_mlmodel(mlmodel(catalog(), ["income", "height"]))


@pytest.mark.parametrize("order", [None, [], ["income", "job_a", "job_b", "job_c", "income"]])
def test_an_order_of_no_columns_or_of_one_twice_is_refused(order: Any) -> None:
    wrong = SimpleNamespace(data=catalog(), feature_input_order=order)
    with pytest.raises(InputError, match="feature_input_order is empty or has a name twice"):
        Schema.from_mlmodel(wrong)


def test_levels_in_half_precision_are_levels() -> None:
    data = catalog()
    schema = Schema.from_mlmodel(mlmodel(data))
    halves = data.df.astype({"job_a": "float16", "owner_yes": "float16"})
    np.testing.assert_array_equal(schema.encode(halves), schema.encode(data.df))

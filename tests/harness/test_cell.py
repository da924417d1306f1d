"""A cell's key is its whole configuration, and its record can be computed again from its rows."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from harness_cases import LOANS, measures

from carla_genre.errors import InputError
from carla_genre.harness import Cell, Paths, read_grid
from carla_genre.harness.measure import measure
from carla_genre.harness.record import read_record, write_record
from carla_genre.harness.table import MEASURES

CELL = Cell(
    "compas", 1, "near", "NNR", {"gamma": 0.7, "unmatched": "drop"}, 20, None, {"csv": "a", "target": "b"}
)


@pytest.mark.parametrize(
    "change",
    [
        {"data": "heloc"},
        {"seed": 2},
        {"label": "Near"},
        {"method": "NNR-gamma"},
        {"hyperparams": {"gamma": 0.8, "unmatched": "drop"}},
        {"hyperparams": {"gamma": 0.7}},
        {"n_factuals": 21},
        {"rows": 100},
        {"table": {"csv": "a", "target": "c"}},
        {"table": None},
        {"answers": True},
        {"share": 0.5},
        {"classifier": "forest"},
        {"label_noise": 0.05},
        {"n_retrained": 1},
    ],
)
def test_the_key_changes_with_every_part(change):
    other = replace(CELL, **change)
    assert other.key != CELL.key
    assert other.file != CELL.file


def test_the_key_does_not_change_with_the_order_or_the_place():
    other = replace(CELL, hyperparams={"unmatched": "drop", "gamma": 0.7}, table={"target": "b", "csv": "a"})
    assert other.key == CELL.key
    assert Cell(**json.loads(json.dumps(vars(CELL)))).key == CELL.key


def test_a_file_s_name_can_stand_on_any_disk():
    cell = replace(CELL, label="GenRe, λ = 5 / cheapest: ../x", data="my loans")
    assert cell.file == f"my-loans_GenRe-5-cheapest-x_seed1_{cell.key}.json"
    endless = replace(CELL, label=300 * "x", classifier=300 * "y", seed=2**32 - 1)
    assert len(endless.file) < 250


def test_another_classifier_than_the_paper_s_is_told():
    other = replace(CELL, classifier="my_models:train")
    assert (str(CELL), str(other)) == ("compas, seed 1, near", "compas, my_models:train, seed 1, near")
    assert other.file == f"compas-my-models-train_near_seed1_{other.key}.json"


def test_noise_in_the_labels_is_told_and_none_is_no_part_of_the_key():
    noisy = replace(CELL, label_noise=0.05)
    assert str(noisy) == "compas, 0.05 of labels flipped, seed 1, near"
    assert replace(noisy, label_noise=0.0).key == CELL.key
    # As it is since records are kept: a field that is added must not move it.
    assert CELL.key == "afb7c3aac3f7"


def test_a_record_comes_back_as_it_was_written(tmp_path):
    record = {
        "cell": {"data": "loans", "seed": 0, "label": "NNR"},
        "key": "k",
        "list": [1.5, None, True],
        "odd": {"": 'x"[\n'},
        "none": {},
    }
    write_record(tmp_path / "a.json", record)
    assert read_record(tmp_path / "a.json") == record
    assert ' "list": [1.5, null, true],' in (tmp_path / "a.json").read_text().splitlines()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_what_cannot_be_written_is_one_error_and_leaves_nothing(tmp_path):
    (tmp_path / "taken.json").mkdir()
    with pytest.raises(InputError, match=r"taken.json cannot be written"):
        write_record(tmp_path / "taken.json", {})
    assert [path.name for path in tmp_path.iterdir()] == ["taken.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cell": 1, "key": "k"}', '{"cell": {}, "key": "k"}'])
def test_what_is_no_record_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=r"a\.json is no record"):
        read_record(tmp_path / "a.json")


@pytest.fixture(scope="module")
def measured(desk):
    """NNR of ours and Wachter of CARLA's, measured in this process."""
    grid = desk / "measured.yaml"
    methods = {"NNR": {"hyperparams": {"unmatched": "drop"}}, "Wachter": {"hyperparams": {"t_max_min": 0.01}}}
    grid.write_text(json.dumps({"data": [LOANS], "seeds": [0], "people": 12, "recourse_methods": methods}))
    paths = Paths(tables=str(desk), cache=str(desk / "cache"))
    return {cell.label: (cell, measure(cell, paths)) for cell in read_grid(grid)}


@pytest.mark.parametrize("label", ["NNR", "Wachter"])
def test_a_record_says_what_was_measured_and_where(measured, label):
    cell, record = measured[label]
    assert Cell(**record["cell"]) == cell
    assert record["key"] == cell.key
    assert record["hyperparams"]["seed"] == 0
    assert set(record["seconds"]) == set(record["cpu_seconds"]) == {"prepare", "answer"}
    assert record["setting"]["seconds"].keys() == {"gold", "h"}
    assert record["environment"]["versions"]["torch"]
    assert json.loads(json.dumps(record, allow_nan=False)) == record


@pytest.mark.parametrize("label", ["NNR", "Wachter"])
def test_scores_can_be_computed_again_from_the_rows(measured, label):
    record = measured[label][1]
    parts = [record, record["constrained"]] if label == "Wachter" else [record]
    for part in parts:
        rows, scores = pd.DataFrame(part["rows"]), part["scores"]
        assert len(rows) == 12
        assert scores["cost"] == pytest.approx(rows["cost"].mean(), abs=1e-6)
        assert scores["val"] == (rows["gold"] > 0.5).mean()
        assert scores["lof"] == rows["inlier"].mean()
        assert scores["answered"] == rows["answered"].mean()
        assert scores["violations"]["rows"] == rows["violates"].sum()
        assert scores["score"] == pytest.approx(scores["val"] + scores["lof"] - scores["cost"] / scores["d"])
        assert (rows["cost"].isna() == ~rows["answered"]).all()
        further = set(rows) - {"cost", "gold", "inlier", "violates"}
        for name in further:
            assert scores[name] == pytest.approx(rows[name].astype(float).mean(), abs=1e-6), name
        # CARLA's measures agree with those of the same meaning.
        np.testing.assert_array_equal(rows["distance_1"], rows["changed_features"])
        assert (rows["validity"] == 1).sum() <= rows["answered"].sum()


def test_what_carla_s_method_answers_is_also_held_to_the_constraints(measured):
    record = measured["Wachter"][1]
    report, held = record["constrained"]["report"], record["constrained"]
    assert "constrained" not in measured["NNR"][1]
    assert held["scores"]["violations"]["rows"] == 0
    assert held["scores"]["answered"] * 12 == pytest.approx(report["answered_after"])
    assert report["answered_before"] - report["lost"] == report["answered_after"]


def test_every_column_of_the_tables_is_in_a_record(measured):
    keys = {column.key for column in MEASURES.values()} - {""}
    assert keys - {"diversity"} <= set(measured["NNR"][1]["scores"])  # NNR has no candidates to choose from


def test_candidates_have_their_diversity_and_no_retraining_no_future(desk, paths):
    own = {"csv": "loans.csv", "balanced": True, "target": "granted", "test_size": 0.5}
    table = {**own, "digest": digest_of(paths, own)}
    quick = {"gamma": 0.6, "training": {"steps": 5}, "verbose": False}
    record = measure(Cell("loans", 0, "a", "GenRe", quick, 5, None, table, 0), paths)
    assert record["scores"]["diversity"] == pytest.approx(np.mean(record["rows"]["diversity"]), abs=1e-6)
    assert not [name for name in record["scores"] if name.startswith("future")]


def test_a_cell_is_the_same_when_it_is_measured_again(measured, desk):
    cell, record = measured["NNR"]
    again = measure(cell, Paths(tables=str(desk)))  # without a cache
    assert measures(again) == measures(record)


@pytest.mark.parametrize("label", ["NNR", "Wachter"])
def test_people_and_answers_are_kept_where_the_cell_says_so(measured, paths, label):
    """Cost and violations can then be computed from the answers themselves, a category half the way included."""
    cell, record = measured[label]
    assert not {"features", "factuals", "answers"} & set(record)
    kept = measure(replace(cell, answers=True), paths)
    assert {name: kept[name] for name in ("scores", "rows")} == {
        name: record[name] for name in ("scores", "rows")
    }
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    assert sorted(kept["features"]) == ["age", "children", "income", "sex_Male"]
    assert len(kept["factuals"]) == len(kept["answers"]) == 12
    for factual, answer, cost in zip(kept["factuals"], kept["answers"], kept["rows"]["cost"], strict=True):
        assert (answer is None) == (cost is None)
        if answer is not None:
            assert np.abs(np.subtract(answer, factual)).sum() == pytest.approx(cost, abs=1e-6)


@pytest.mark.parametrize(
    "classifier", [pytest.param("forest", marks=pytest.mark.slow), "own_classifiers:naive_bayes"]
)
def test_a_cell_of_any_classifier_has_the_same_measures(measured, paths, classifier):
    cell, record = measured["NNR"]
    other = measure(replace(cell, classifier=classifier), paths)
    assert {name: set(other[name]) for name in ("scores", "rows")} == {
        name: set(record[name]) for name in ("scores", "rows")
    }
    assert other["scores"]["validity"] == 1
    assert other["scores"]["violations"]["rows"] == 0
    assert (
        other["setting"]["checks"]["positive rate after"]
        == record["setting"]["checks"]["positive rate after"]
    )


def test_what_needs_a_gradient_says_so_of_a_forest_and_what_does_not(measured, paths):
    cell = replace(measured["Wachter"][0], classifier="forest")
    reason = "Wachter takes classifiers of backend 'pytorch', this one's is 'sklearn'. .* GrowingSpheres, .* take it"
    with pytest.raises(InputError, match=reason) as error:
        measure(cell, paths)
    assert "FOCUS" not in str(error.value)  # which reads the trees of CARLA's forests only


def test_a_share_is_the_method_s_alone(measured, paths):
    """What counts its rows is given so many; people, h and the judge stay, and so does the setting in memory."""
    whole = replace(
        measured["NNR"][0], method="misbehaving:CountsRows", hyperparams={}, answers=True, n_retrained=0
    )
    all_rows, part, again = (measure(cell, paths) for cell in (whole, replace(whole, share=0.25), whole))
    counts = [record["hyperparams"]["rows"] for record in (all_rows, part, again)]
    assert counts == [[120, 120], [30, 30], [120, 120]]
    assert part["factuals"] == all_rows["factuals"] == again["factuals"]
    assert part["setting"]["checks"] == all_rows["setting"]["checks"]
    assert part["rows"] == all_rows["rows"]  # the people themselves are its answers: the judge is the same


def test_the_method_gets_the_cell_s_seed_unless_it_has_its_own(desk, paths):
    own = {"csv": "loans.csv", "balanced": True, "target": "granted", "test_size": 0.5}
    table = {**own, "digest": digest_of(paths, own)}
    of_the_cell = Cell("loans", 4, "a", "RandomAccepted", {"gamma": 0.5}, 5, None, table)
    its_own = replace(of_the_cell, hyperparams={"gamma": 0.5, "seed": 9})
    assert measure(of_the_cell, paths)["hyperparams"]["seed"] == 4
    assert measure(its_own, paths)["hyperparams"]["seed"] == 9


def digest_of(paths, table):
    from carla_genre.harness.cell import table_digest

    return table_digest(paths.own_table("loans", table))


def test_a_table_that_has_changed_is_refused(measured, tmp_path):
    cell = measured["NNR"][0]
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"sex": ["a", "b"] * 20, "x": random.random(40), "granted": [0, 1, 1, 0] * 10})
    frame.to_csv(tmp_path / "loans.csv", index=False)
    with pytest.raises(InputError, match=r"loans\.csv has changed since the grid was read"):
        measure(cell, Paths(tables=str(tmp_path)))

"""Tables are the records' figures over seeds."""

import numpy as np
import pandas as pd
import pytest

from carla_genre.errors import InputError
from carla_genre.evaluation import FIGURES
from carla_genre.harness.markdown import spread_of
from carla_genre.harness.table import (
    AS_ANSWERED,
    BY_ITSELF,
    HELD,
    MEASURES,
    markdown,
    mean_and_spread,
    table,
    write_tables,
)


def record(label, seed, cost=1.0, score=1.0, held=None, data="loans", lost=0, gpu=None):
    scores = {
        "cost": cost,
        "val": 0.5,
        "lof": 0.75,
        "score": score,
        "answered": 1.0,
        "violations": {"rows": 2},
    }
    content = {
        "cell": {"data": data, "label": label, "seed": seed},
        "key": f"{data}{label}{seed}",
        "scores": scores,
        "seconds": {"prepare": 3.0, "answer": 0.5},
        "cpu_seconds": {"prepare": 2.0, "answer": 0.25},
        "environment": {"hardware": {"gpu": gpu}},
    }
    if held is not None:
        content["constrained"] = {"scores": {**scores, "score": held}, "report": {"lost": lost}}
    return content


def failed(label, seed):
    return {"cell": {"data": "loans", "label": label, "seed": seed}, "key": "f", "error": {"message": "no"}}


def test_mean_and_deviation_over_seeds():
    rows = table([record("a", seed, cost=cost) for seed, cost in enumerate([1.0, 2.0, 6.0])])
    (row,) = rows.to_dict("records")
    assert row["Cost"] == 3
    assert row["Cost std"] == pytest.approx(np.std([1, 2, 6], ddof=1))
    assert (row["seeds"], row["failed"], row["constraints"]) == (3, 0, BY_ITSELF)
    assert list(rows.columns[6::3]) == list(MEASURES)


def test_one_seed_has_no_deviation_and_nobody_answered_no_cost():
    rows = table([record("a", 0, cost=None, score=None), record("b", 0)])
    assert rows["Cost std"].isna().all()
    assert np.isnan(rows["Cost"][0])
    line = markdown(rows).splitlines()[2]
    assert line.split(" | ")[4] == "-"
    assert "±" not in line


def test_a_score_of_some_seeds_says_so_where_nobody_was_answered_in_the_others():
    records = [record("a", seed) for seed in range(3)]
    records[2]["scores"] |= {"cost": None, "score": None, "val": 0.0, "answered": 0.0}
    rows = table([*records, record("b", 0)])
    assert rows["Score seeds"].tolist() == ["2 of 3 seeds", ""]
    line, other = markdown(rows).splitlines()[2:4]
    assert line.split(" | ")[4:8] == [
        *("1.00 ± 0.00 (2 of 3 seeds)", "0.33 ± 0.29", "0.75 ± 0.00", "1.00 ± 0.00 (2 of 3 seeds)"),
    ]
    assert "of 1 seeds" not in other
    row = rows.assign(**{"Cost people std": 0.5}).to_dict("records")[0]
    assert mean_and_spread(row, "Cost", over="people std") == "1.00 ± 0.50 (2 of 3 seeds)"


def test_a_method_that_does_not_hold_the_constraints_has_two_rows():
    rows = table([record("theirs", 0, score=1.5, held=1.0, lost=4), record("ours", 0, score=1.75)])
    assert rows[["method", "constraints", "Score"]].to_numpy().tolist() == [
        ["theirs", AS_ANSWERED, 1.5],
        ["theirs", HELD, 1.0],
        ["ours", BY_ITSELF, 1.75],
    ]
    assert rows["lost"].tolist()[1] == 4
    assert rows["lost"].isna().tolist() == [True, False, True]


def test_a_seed_that_holds_them_by_itself_counts_as_it_is_beside_one_that_does_not():
    rows = table([record("a", 0, score=1.5, held=1.0, lost=4), record("a", 1, score=1.25)])
    answered, held = rows.to_dict("records")
    assert (answered["constraints"], answered["Score"]) == (AS_ANSWERED, (1.5 + 1.25) / 2)
    assert (held["constraints"], held["Score"], held["lost"]) == (HELD, (1.0 + 1.25) / 2, 2)


def test_failures_are_counted_and_named():
    rows = table([record("a", 0), failed("a", 1), failed("b", 0)])
    assert rows[["seeds", "failed", "constraints"]].to_numpy().tolist() == [[1, 1, BY_ITSELF], [0, 1, ""]]
    page = markdown(rows)
    assert "- loans, a: 1 failed" in page
    assert "- loans, b: 1 failed" in page


def test_rows_stand_in_the_order_of_first_sight():
    rows = table([record("b", 0), record("a", 0), record("b", 0, data="adult"), record("b", 1)])
    assert list(zip(rows["data"], rows["method"], strict=True)) == [
        ("loans", "b"),
        ("loans", "a"),
        ("adult", "b"),
    ]


def test_a_classifier_is_shown_where_one_is_not_the_paper_s():
    plain = [record("a", 0), record("a", 1, score=2.0)]
    assert "classifier" not in table(plain)
    assert "| classifier |" not in markdown(table(plain))
    others = [record("a", 0), failed("a", 1)]
    for other in others:
        other["cell"]["classifier"] = "forest"
    rows = table([*plain, *others])
    assert rows[["classifier", "method", "seeds", "failed", "Score"]].to_numpy().tolist() == [
        ["ann", "a", 2, 0, 1.5],
        ["forest", "a", 1, 1, 1.0],
    ]
    page = markdown(rows)
    assert page.startswith("| data | classifier | method |")
    assert "| loans | forest | a |" in page
    assert "- loans, forest, a: 1 failed" in page


def test_people_of_other_labels_or_of_another_gold_classifier_are_no_further_seeds():
    records = [record("a", seed, score=float(seed)) for seed in range(4)]
    records[1]["cell"]["label_noise"] = 0.05
    records[2]["cell"]["gold"] = "boosting"
    records[3]["cell"] |= {"gold": "forest", "label_noise": 0.0}  # the paper's, spelled out
    assert table(records)[["data", "seeds", "Score"]].to_numpy().tolist() == [
        ["loans", 2, 1.5],
        ["loans, 0.05 of labels flipped", 1, 1.0],
        ["loans, boosting as gold", 1, 2.0],
    ]


def test_a_measure_that_an_older_record_lacks_says_of_how_many_seeds_it_is():
    records = [record("a", seed) for seed in range(3)]
    records[1]["scores"]["copies"] = 0.25
    (row,) = table(records).to_dict("records")
    assert (row["copies"], row["copies seeds"], row["Score seeds"]) == (0.25, "1 of 3 seeds", "")
    assert "| 0.25 (1 of 3 seeds) |" in markdown(table(records))


def test_figures_of_some_seeds_say_so_wherever_they_are_shown():
    assert spread_of(pd.Series([1.0, np.nan, 2.0])) == "1.50 ± 0.71 (2 of 3 seeds)"
    assert spread_of(pd.Series([1.0, 2.0]), 1) == "1.5 ± 0.7"
    assert spread_of(pd.Series([np.nan, np.nan])) == "-"


def test_two_configurations_of_a_method_are_no_further_seeds():
    records = [record("a", 0), record("a", 1), record("a", 1)]
    records[2]["cell"] |= {"n_factuals": 50, "hyperparams": {"gamma": 0.6}}
    message = "loans, ann, a: two records are of seed 1, of different n_factuals, hyperparams.gamma"
    with pytest.raises(InputError, match=message):
        table(records)
    assert table(records[:2])["seeds"].tolist() == [2]


def test_the_csv_has_all_digits(tmp_path):
    rows = table([record("a | b", 0, cost=1 / 3), record("a | b", 1, cost=2 / 7)])
    page, sheet = write_tables(rows, tmp_path)
    read = pd.read_csv(sheet)
    of_some = [f"{name} seeds" for name in MEASURES]
    assert read[of_some].isna().all(axis=None)  # as CSV has an empty text
    pd.testing.assert_frame_equal(read.drop(columns=of_some), rows.drop(columns=of_some), check_dtype=False)
    head, rule, line = page.read_text().splitlines()[:3]
    assert head.count("|") == rule.count("|") == line.replace("\\|", "").count("|")
    assert "0.31 ± 0.03" in line


def test_time_is_the_processor_s_unless_a_gpu_worked():
    here, there = record("here", 0), record("there", 0, gpu="H100")
    assert table([here, there])[["prepare s", "answer s"]].to_numpy().tolist() == [[2.0, 0.25], [3.0, 0.5]]


def test_every_measure_is_defined_and_every_definition_is_measured():
    shown = {column.figure for column in MEASURES.values() if " " not in column.figure}
    left_out = {
        *("Soft_Validity", "Changed_Share"),  # of what stands there
        *("LOF_5", "LOF_20", "Isolation_Forest", "Neighbour_Distance"),  # of the judges' own table
        *("Success_Rate", "Average_Time"),  # CARLA's: "answered", and the seconds
        *("Immutable_Violations", "One_Hot_Violations", "Out_Of_Range_Violations", "Direction_Violations"),
    }
    assert shown | left_out == set(FIGURES)
    assert not shown & left_out


def test_no_record_is_an_empty_table():
    assert len(table([])) == 0
    assert "| data |" in markdown(table([]))

"""The tables that compare methods with the paper, on real records of a few people of the embedded data."""

import dataclasses
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.paper import table1, table2, table3, table4, table11, table13
from benchmarks.paper.command import NOT_MEASURED
from benchmarks.paper.published import NAMES, different_hyperparams, figures_of, published
from carla_genre.errors import InputError
from carla_genre.harness import Cell, Paths, read_grid
from carla_genre.harness.measure import measure
from carla_genre.harness.record import failure
from carla_genre.methods.registry import hyperparameters_of

pytestmark = pytest.mark.slow

FEATURES = {"adult": 13, "compas": 7, "heloc": 21}
COMPARISONS = {table2: "table2", table3: "table3", table4: "table2", table11: "table11", table13: "table13"}
LABELS = ["CopyFactual", "GrowingSpheres", "NNR"]


def grid(repository: Path, name: str, **options) -> list:
    return read_grid(repository / "benchmarks" / "paper" / f"{name}.yaml", **options)


@pytest.fixture(scope="module")
def records(repository: Path, small_paper: None, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """Two seeds of three methods, of which one breaks constraints, on a small data set in COMPAS's place."""
    cells = grid(repository, "table2", only=LABELS, data=["compas"], seeds=[0, 1])
    paths = Paths(cache=str(tmp_path_factory.mktemp("cache")))
    return [measure(dataclasses.replace(cell, n_factuals=25, n_retrained=1), paths) for cell in cells]


def failure_of(record: dict) -> dict:
    return {"cell": record["cell"], "key": record["key"], "error": {"type": "ValueError", "message": "no"}}


def not_measured(cell: Cell) -> dict:
    return {
        "cell": dataclasses.asdict(cell),
        "key": cell.key,
        "error": {"type": NOT_MEASURED, "message": "python"},
    }


def test_the_table_is_that_of_the_people(records: list[dict]) -> None:
    rows = table2.compared(records).set_index("method")
    assert list(rows.index) == LABELS and (rows["seeds"] == "0, 1").all() and (rows["people"] == 25).all()
    for label in LABELS:
        people = [pd.DataFrame(record["rows"]) for record in records if record["cell"]["label"] == label]
        figures = {
            "Cost": [seed["cost"].astype(float) for seed in people],
            "Val": [(seed["gold"].astype(float) > 0.5).astype(float) for seed in people],
            "LOF": [seed["inlier"].astype(float) for seed in people],
        }
        for name, seeds in figures.items():
            means = [seed.mean() for seed in seeds]
            within = np.sqrt(np.mean([seed.var() for seed in seeds]))
            assert rows.loc[label, name] == pytest.approx(np.mean(means), abs=1e-6)
            assert rows.loc[label, f"{name} std"] == pytest.approx(np.std(means, ddof=1), abs=1e-6)
            assert rows.loc[label, f"{name} people std"] == pytest.approx(within, abs=1e-6)
    score = rows["Val"] + rows["LOF"] - rows["Cost"] / 4  # its features
    assert np.allclose(rows["Score"], score)
    assert np.allclose(rows["difference"], rows["Score"] - rows["paper Score"], equal_nan=True)


@pytest.mark.parametrize("module", [table1, table2])
def test_the_order_of_records_does_not_matter(records: list[dict], module) -> None:
    shuffled = random.Random(0).sample(records, len(records))
    pd.testing.assert_frame_equal(module.compared(records), module.compared(shuffled))
    assert module.markdown(module.compared(records)) == module.markdown(module.compared(shuffled))


def test_a_score_that_is_far_from_the_paper_s_is_bold_and_a_near_one_is_not(records: list[dict]) -> None:
    rows = table2.compared(records)
    for offset, bold in ((-0.2, True), (0.2, True), (0.1, False)):
        near = rows.assign(difference=offset)
        lines = [line for line in table2.markdown(near).splitlines() if line.startswith("| COMPAS | NNR |")]
        assert ("**" in lines[0]) == bold


def test_only_the_methods_that_break_constraints_have_figures_with_these_held(records: list[dict]) -> None:
    rows = table2.compared(records).set_index("method")
    assert rows["held Score"].notna().to_dict() == {
        "CopyFactual": False,
        "GrowingSpheres": True,
        "NNR": False,
    }
    head = table2.markdown(rows.reset_index()).splitlines()[0]
    assert "constraints held" in head
    assert "constraints held" not in table3.markdown(table3.compared(records)).splitlines()[0]


def test_a_failed_cell_is_shown_with_its_reason(repository: Path, records: list[dict]) -> None:
    cells = grid(repository, "table2", only=["NNR", "PAR"], data=["compas"], seeds=[2])
    failed = [failure(cell, ValueError(f"no answer | of {cell.label}")) for cell in cells]
    rows = table2.compared([*records[:3], *failed])
    text = table2.markdown(rows)
    assert "- failed: COMPAS, PAR, seed 2: ValueError: no answer | of PAR" in text
    line = next(line for line in text.splitlines() if line.startswith("| COMPAS | PAR"))
    assert line.startswith("| COMPAS | PAR | failed | - |")
    assert rows.set_index("method").loc["NNR", "Cost"] == pytest.approx(records[2]["scores"]["cost"])


def test_the_paper_s_seconds_of_training_stand_in_table_13_alone(repository: Path) -> None:
    cells = grid(repository, "table13")
    for module in (table3, table13):
        text = module.markdown(module.compared([not_measured(cell) for cell in cells]))
        assert ("| 8465 |" in text) == ("paper: training s" in text) == (module is table13)


def test_records_of_other_methods_are_left_out(records: list[dict]) -> None:
    assert table3.compared(records)["method"].tolist() == ["NNR"]
    with pytest.raises(InputError, match="GenRe, 10 % of the rows"):
        table13.compared(records)


def test_what_differs_from_the_paper_s_hyperparameters_is_told_from_the_record(records: list[dict]) -> None:
    crud = dict(hyperparameters_of("CRUD", {}))
    assert different_hyperparams("CRUD", crud) == {}
    reduced = {**crud, "vae_params": {**crud["vae_params"], "epochs": 20}}
    assert different_hyperparams("CRUD", reduced) == {"vae_params.epochs": (20, 100)}
    cell = {**records[0]["cell"], "label": "CRUD", "method": "CRUD"}
    text = table2.markdown(
        table2.compared([{**records[0], "cell": cell, "hyperparams": reduced}, records[1]])
    )
    assert "- † CRUD: vae_params.epochs 20 (paper 100)" in text and "| COMPAS | CRUD † |" in text
    assert "GrowingSpheres †" not in text


def test_a_method_of_fewer_epochs_or_another_choice_stands_beside_the_method() -> None:
    assert figures_of("CRUD, 20 epochs") == figures_of("CRUD") != {}
    assert figures_of("TabSyn+SVDD, lambda 5") != figures_of("TabSyn+SVDD, lambda 10")
    assert figures_of("GenRe, cheapest") == figures_of("GenRe, validity") == figures_of("GenRe") != {}
    assert figures_of("GenRe, lambda 10") != figures_of("GenRe")
    assert figures_of("PAR") == {}  # the paper has it not


def test_the_paper_s_hyperparameters_are_ours_by_name() -> None:
    for method, paper in published()["hyperparams"].items():
        own = hyperparameters_of(method, {})
        taken = {name for name in paper if name in own}
        assert taken == (set() if method == "Dice" else set(paper)), method  # CARLA's Dice takes neither
        for name in taken:
            if isinstance(paper[name], dict):
                assert set(paper[name]) <= set(own[name]), (method, name)


def test_table_1_counts_what_the_protocol_counted(records: list[dict]) -> None:
    mine = [record for record in records if record["cell"]["label"] == table1.LABEL]
    row = table1.compared(mine).iloc[0]
    checks = [record["setting"]["checks"] for record in mine]
    accuracies = [check["test accuracy of h"] for check in checks]
    assert row["accuracy of h"] == pytest.approx(np.mean(accuracies))
    assert row["accuracy of h std"] == pytest.approx(np.std(accuracies, ddof=1))
    assert row["positive"] + row["negative"] == row["train rows"] == 600
    assert (row["features"], row["categorical"], row["immutable"]) == (4, 1, 1)
    text = table1.markdown(table1.compared(mine))
    assert "| COMPAS, paper | - | 7 | 4 | 2 | 3764 | 865 | 4629 | 1543 | - | 69.60 | - |" in text


def test_table_1_takes_any_method_s_record_of_a_seed_once(records: list[dict]) -> None:
    alone = [record for record in records if record["cell"]["label"] == "NNR"]
    failed = [failure_of(record) for record in records if record["cell"]["label"] == table1.LABEL]
    columns = ["positive rate", "accuracy of h", "accuracy of h std", "seeds", "failed"]
    of_one, of_all = (table1.compared(some)[columns] for some in (alone, [*failed, *records]))
    pd.testing.assert_frame_equal(of_one, of_all)


@pytest.mark.parametrize(
    "other", [{"classifier": "forest"}, {"gold": "network"}, {"label_noise": 0.05}], ids=str
)
@pytest.mark.parametrize("module", [table1, table2])
def test_records_of_another_protocol_are_left_out(records: list[dict], module, other: dict[str, Any]) -> None:
    others = [{**record, "cell": {**record["cell"], **other}} for record in records]
    pd.testing.assert_frame_equal(module.compared([*others, *records]), module.compared(records))
    with pytest.raises(InputError, match="no records of the paper's classifier"):
        module.compared(others)


def test_helocs_leak_is_noted_wherever_it_is_shown(repository: Path) -> None:
    for module, name in {**COMPARISONS, table1: "table2"}.items():
        only = [table1.LABEL] if module is table1 else []
        for data in {cell.data for cell in grid(repository, name)}:
            cells = grid(repository, name, data=[data], only=only)
            text = module.markdown(module.compared([not_measured(cell) for cell in cells]))
            assert ("label leaks" in text) == (data == "heloc")


def test_the_paper_s_figures_add_up_and_every_one_has_a_cell(repository: Path) -> None:
    cells = {(cell.label, cell.data) for name in set(COMPARISONS.values()) for cell in grid(repository, name)}
    for label, sets in published()["methods"].items():
        for data, row in sets.items():
            assert (label, data) in cells
            assert row["val"] + row["lof"] - row["cost"] / FEATURES[data] == pytest.approx(
                row["score"], abs=0.021
            )
    assert set(published()["data"]) == set(NAMES)


@pytest.mark.parametrize("quick", [False, True])
def test_what_two_tables_or_figures_show_is_one_cell(repository: Path, quick: bool) -> None:
    keys: dict[tuple, set[str]] = {}
    for name in {*COMPARISONS.values(), "figure4"}:
        for cell in grid(repository, name, quick=quick):
            keys.setdefault((cell.label, cell.data, cell.seed), set()).add(cell.key)
    assert all(len(several) == 1 for several in keys.values())


@pytest.mark.parametrize("module", COMPARISONS)
def test_every_method_of_a_table_is_in_its_grid(repository: Path, module) -> None:
    cells = grid(repository, COMPARISONS[module])
    rows = module.compared([not_measured(cell) for cell in cells])
    labels = {cell.label for cell in cells}
    assert set(rows["method"]) <= labels
    paper = {label for label in labels if figures_of(label)}
    assert set(rows["method"]) == labels if module is not table4 else set(rows["method"]) < paper
    assert (rows["missing"] == "0, 1, 2, 3, 4").all() and (rows["seeds"] == "").all()

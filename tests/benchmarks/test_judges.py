"""The table of judges: its cells, its lines, and its command."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.judges import __main__ as command
from benchmarks.judges.cells import cells
from benchmarks.judges.page import ATTAINABLE, leaders, markdown
from carla_genre.evaluation.judges.gold_kinds import GOLD_KINDS


def record(gold: str, seed: int, **figures: float) -> dict[str, object]:
    cell = {"data": "compas", "label": "NNR", "seed": seed, "gold": gold}
    tests = {"LOF_5": 0.5, "LOF_20": 0.75, "Isolation_Forest": 0.25, "Neighbour_Distance": None}
    scores = {"score": 1.5, "val": 1.0, "cost": 0.25, "copies": 1.0, **figures}
    code = {"commit": "a", "versions": {}}
    return {
        "cell": cell,
        "scores": scores,
        "plausibility": tests,
        "attainable": {**tests, "Neighbour_Distance": 1.0},
        "environment": code,
    }


def test_every_method_stands_before_every_gold_classifier() -> None:
    every = cells()
    assert len(every) == len({cell.file for cell in every}) == 10 * 3 * 3 * 5
    assert {cell.gold for cell in every} == set(GOLD_KINDS)
    some = cells(only=["NNR"], data=["heloc"], seeds=[7], golds=["network"])
    assert [(cell.data, cell.seed, cell.gold, cell.label) for cell in some] == [
        ("heloc", 7, "network", "NNR")
    ]


def test_a_cell_of_the_paper_s_gold_keeps_its_name_and_another_says_its_own() -> None:
    paper, network = (
        cells(only=["NNR"], data=["heloc"], seeds=[7], golds=[one])[0] for one in GOLD_KINDS[::2]
    )
    assert "gold" not in paper.problem
    assert network.problem == "heloc, network as gold"
    assert network.key != paper.key


def test_the_table_starts_with_what_is_attainable() -> None:
    failed = {**record("network", 1), "error": {"message": "no memory"}}
    page = markdown([record("forest", 0), record("forest", 1, score=1.7), failed])
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line[:1] == "|"
    ]
    assert lines[2][1:3] == ["forest", ATTAINABLE]
    assert lines[2][-4:] == ["0.50", "0.75", "0.25", "1.00"]
    assert lines[3][2:5] == ["NNR", "0, 1", "1.60 ± 0.14"]
    assert lines[3][-1] == "-"
    assert lines[4][1:5] == ["network", "NNR", "", "-"]
    assert "COMPAS, network, NNR, seed 1: no memory" in page


def test_a_seed_that_failed_is_none_of_a_row_s_seeds() -> None:
    failed = {**record("forest", 1), "error": {"message": "no memory"}}
    _, line = markdown([record("forest", 0), failed, record("forest", 2)]).splitlines()[2:4]
    assert line.startswith("| COMPAS | forest | NNR | 0, 2 | 1.50 ± 0.00 |")


@pytest.mark.slow
@pytest.mark.data
def test_the_command_goes_on_and_prints_the_table(
    data_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--root", data_root, "--results", tmp_path / "r", "--cache", tmp_path / "c", "--quick"]
    given += ["--gold", "boosting", "--only", "NNR"]
    assert command.main([*map(str, given)]) == 0
    first = capsys.readouterr().out
    assert f"| COMPAS | boosting | {ATTAINABLE} |" in first
    assert command.main([*map(str, given), "--no-run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == first.splitlines()[-1]


def test_the_default_is_held_against_the_best_other_on_the_same_people() -> None:
    def scored(label: str, *scores: float) -> list[dict[str, object]]:
        found = [record("network", seed, score=score) for seed, score in enumerate(scores)]
        return [{**one, "cell": {**one["cell"], "label": label}} for one in found]  # type: ignore[dict-item]

    of_one_seed = scored("Wachter", 1.9)
    for genre, place, gap in (((1.5, 1.7), "2", "-0.100 ± 0.283"), ((1.9, 1.7), "1", "+0.100 ± 0.000")):
        found = [*scored("NNR", 1.8, 1.6), *scored("Face", 1.1, 1.1), *scored("GenRe", *genre), *of_one_seed]
        (line,) = leaders(found).splitlines()[2:]
        cells_of = [cell.strip() for cell in line.split("|")[1:-1]]
        figures = [f"{sum(genre) / 2:.3f}", f"{min(genre):.3f}", "", place, "NNR", "1.700", gap]
        assert cells_of == ["COMPAS", "network", "2", *figures]


def test_the_paper_has_a_figure_before_its_own_judge_alone() -> None:
    of_genre = {**record("forest", 0)["cell"], "label": "GenRe"}
    for gold, figure in (("forest", "1.89"), ("boosting", "")):
        both = [record(gold, 0), {**record(gold, 0, score=1.9), "cell": {**of_genre, "gold": gold}}]
        head, _, line = (
            [cell.strip() for cell in row.split("|")[1:-1]] for row in leaders(both).splitlines()
        )
        assert line[head.index("in the paper")] == figure

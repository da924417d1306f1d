"""The grid of today's peers, and their table."""

from pathlib import Path
from typing import Any

from benchmarks.pages.headline import in_order
from benchmarks.paper import peers, table2, unpublished
from carla_genre.harness import read_grid


def test_the_grid_is_valid_and_has_a_quick_version_of_each_peer(repository: Path) -> None:
    whole, quick = (
        read_grid(repository / "benchmarks" / "paper" / "peers.yaml", smaller) for smaller in (False, True)
    )
    assert {cell.label for cell in quick} == {cell.label for cell in whole} and len(quick) < len(whole)
    assert {"NICE", "RNCE", "PROPLACE", "ElliCE", "DiCoFlex", "DiCE-constrained"} <= {
        cell.method for cell in whole
    }


def record(label: str, seed: int, score: float, data: str = "compas") -> dict[str, Any]:
    cell = {"data": data, "label": label, "seed": seed, "method": label, "n_factuals": 2}
    scores = {"score": score, "violations": {"rows": 0}}
    seconds = {"prepare": 1.0, "answer": 0.5}
    return {
        "cell": cell,
        "scores": scores,
        "seconds": seconds,
        "cpu_seconds": seconds,
        "environment": {"commit": "abcdefg", "code": "1", "hardware": {"gpu": None}},
    }


def test_data_that_the_paper_has_not_stand_after_its_own_in_the_order_of_table_2() -> None:
    given = [record("GenRe", 0, 1.5, "hmda"), record("NNR", 0, 1.25, "hmda"), record("GenRe", 0, 1.9)]
    lines = unpublished.markdown(in_order(given, table2.LABELS)).splitlines()
    assert [line.split("|")[1:3] for line in lines[2:5]] == [
        [" COMPAS ", " GenRe "],
        [" HMDA ", " NNR "],
        [" HMDA ", " GenRe "],
    ]


def test_rows_with_the_constraints_held_are_explained_where_there_are_such() -> None:
    own = record("NNR", 0, 1.25)
    theirs = record("Wachter", 0, 1.0)
    theirs["constrained"] = {"scores": {**theirs["scores"], "score": 0.5}, "report": {"lost": 1}}
    assert "held:" not in unpublished.markdown([own])
    page = unpublished.markdown([own, theirs])
    assert "| Wachter | held |" in page and "not held: the answers as they are." in page


def test_peers_stand_beside_genre_on_their_seeds_alone() -> None:
    failed = {**record("ElliCE", 1, 0.0), "error": {"message": "no robust row"}}
    page = peers.markdown(
        [record("RNCE", 0, 1.25), failed],
        [record("GenRe", 0, 1.9), record("GenRe", 1, 1.7), record("GenRe", 4, 0.1), record("NNR", 0, 1.0)],
    )
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line[:1] == "|"
    ]
    column = lines[0].index("Score")
    assert [(line[1], line[3], line[column]) for line in lines[2:]] == [
        ("GenRe", "2", "1.80 ± 0.14"),
        ("RNCE", "1", "1.25"),
        ("ElliCE", "0", "-"),
    ]
    assert "- COMPAS, ElliCE, seed 1: no robust row" in page

"""The grid of today's peers."""

from pathlib import Path

from carla_genre.harness import read_grid


def test_the_grid_is_valid_and_has_a_quick_version_of_each_peer(repository: Path) -> None:
    whole, quick = (
        read_grid(repository / "benchmarks" / "paper" / "peers.yaml", smaller) for smaller in (False, True)
    )
    assert {cell.label for cell in quick} == {cell.label for cell in whole} and len(quick) < len(whole)
    assert {"NICE", "RNCE", "PROPLACE", "ElliCE", "DiCoFlex", "DiCE-constrained"} <= {
        cell.method for cell in whole
    }

from pathlib import Path

from benchmarks.paper.readme_table import markdown


def test_the_readmes_figures_are_those_of_the_record(repository: Path) -> None:
    record = repository / "benchmarks" / "results" / "score_seed42_cpu.json"
    assert markdown(record) in (repository / "README.md").read_text()

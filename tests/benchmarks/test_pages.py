"""The pages state what the JSONs of benchmarks/results say, and no other measured figure."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.pages import blocks
from benchmarks.pages.__main__ import faults, main, pages
from benchmarks.pages.headline import LABELS
from benchmarks.pages.render import rendered
from benchmarks.pages.stray import ALLOWED, stray_figures
from benchmarks.pages.summary import best_of_carla
from benchmarks.paper import table2
from carla_genre.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = {"double": lambda root, text: text * 2, "lines": lambda root, *names: "\n".join(names)}


PAGES = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


@PAGES
def test_a_page_is_as_its_jsons_have_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert rendered(text, ROOT, page.name) == text, "python -m benchmarks.pages writes it"


@PAGES
def test_a_page_states_no_other_figure(page: Path) -> None:
    assert list(stray_figures(page.read_text(encoding="utf-8"))) == []


def test_all_pages_are_looked_at(repository: Path) -> None:
    known = {page.relative_to(repository).as_posix() for page in pages()}
    assert {"README.md", "CHANGELOG.md", "benchmarks/README.md", "docs/methods.md", "docs/data.md"} <= known


def test_blocks_are_made_anew_and_all_else_stays() -> None:
    text = "a\n<!-- lines one two -->\nold\n<!-- end -->\nb <!-- double x -->?<!-- end -->, c\n"
    made = rendered(text, ROOT, blocks=BLOCKS)
    assert made == "a\n<!-- lines one two -->\none\ntwo\n<!-- end -->\nb <!-- double x -->xx<!-- end -->, c\n"
    assert rendered(made, ROOT, blocks=BLOCKS) == made


def test_an_argument_may_have_spaces() -> None:
    assert "-->a ba b<!--" in rendered('<!-- double "a b" --><!-- end -->', ROOT, blocks=BLOCKS)


@pytest.mark.parametrize(
    "text", ["`<!-- nothing x -->`", "```md\n<!-- nothing x -->\n<!-- end -->\n```", "<!-- a: b -->"]
)
def test_code_and_other_comments_are_no_marks(text: str) -> None:
    assert rendered(text, ROOT, blocks=BLOCKS) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\n\n<!-- double x -->\n", "page:3: <!-- double x --> has no other half"),
        ("a <!-- end -->", "page:1: <!-- end --> has no other half"),
        ("<!-- double x -->\n<!-- double y -->\n<!-- end -->", "page:1: <!-- double x --> has no other half"),
        ("<!-- dubble x --><!-- end -->", "no block is called 'dubble'; there are double, lines"),
        ("<!-- double x y --><!-- end -->", "double: too many positional arguments"),
    ],
)
def test_a_wrong_mark_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        rendered(text, ROOT, "page", BLOCKS)


@pytest.fixture
def repository_of_one_page(tmp_path: Path) -> Path:
    (tmp_path / "record.json").write_text(json.dumps({"figures": {"a ratio": 2.04, "all": [1, 2]}}))
    (tmp_path / "README.md").write_text(
        '# Page\n\nIt is <!-- value record.json "figures.a ratio" .1f -->9.9<!-- end --> times faster.\n'
    )
    (tmp_path / "docs").mkdir()
    return tmp_path


def test_the_command_writes_and_the_check_sees_a_change_of_the_json(
    repository_of_one_page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, page = repository_of_one_page, repository_of_one_page / "README.md"
    before = page.read_text()
    assert main(["--check"], root) == 1 and page.read_text() == before
    assert "README.md:3: not as the JSONs have it" in capsys.readouterr().out
    assert main([], root) == 0 and main(["--check"], root) == 0
    assert page.read_text() == before.replace("9.9", "2.0")
    (root / "record.json").write_text(json.dumps({"figures": {"a ratio": 2.06}}))
    assert main(["--check"], root) == 1


def test_a_figure_that_was_typed_is_found(
    repository_of_one_page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository_of_one_page / "docs" / "bad.md").write_text(
        "# Bad\n\nGenRe reaches a Score of 1.93\nin 52 s.\n"
    )
    assert main([], repository_of_one_page) == 0
    assert main(["--check"], repository_of_one_page) == 1
    told = capsys.readouterr().out
    assert "docs/bad.md:3: 'Score of 1.93', a measure's value, is outside of a block" in told
    assert "docs/bad.md:4: '52 s', a number with a unit, is outside of a block" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("absent.json a d", "absent.json is no JSON"),
        ("record.json figures.ratio d", "at 'ratio' there is only a ratio, all"),
        ("record.json figures.all.7 d", "at '7' there is only list"),
        ("record.json figures.all d", "is no number"),
    ],
)
def test_a_number_that_is_not_there_is_told(repository_of_one_page: Path, arguments: str, told: str) -> None:
    page = repository_of_one_page / "README.md"
    page.write_text(f"<!-- value {arguments} --><!-- end -->")
    assert told in "".join(faults(page, repository_of_one_page))
    assert main(["--check"], repository_of_one_page) == main([], repository_of_one_page) == 1


@pytest.mark.parametrize(
    "figure",
    [
        *(
            "0.84",
            ".84",
            "-.06",
            "1e-4",
            "2.5e-3",
            "52 s",
            "1,133 seconds",
            "3 ms",
            "19 minutes",
            "79 MB",
            "52 %",
            "12%",
        ),
        *("two minutes", "a minute", "half a second", "a tenth of a second", "an hour", "three hours"),
        *(
            "2.1x",
            "3x",
            "10 times faster",
            "three times slower",
            "twice as fast",
            "101 of 119",
            "4 of the 4",
            "three of four",
            "time > 2.5",
            "Score is 2",
        ),
    ],
)
@pytest.mark.parametrize(
    "sentence", ["It took {} once.", "| a | {} |", "In the end {}.", "```sh\nrun  # {}\n```"]
)
def test_what_looks_measured_is_found(figure: str, sentence: str) -> None:
    assert list(stray_figures("# Head\n\n" + sentence.format(figure)))


@pytest.mark.parametrize("reason", ALLOWED)
def test_no_allowance_is_idle(reason: str) -> None:
    assert any(re.search(ALLOWED[reason], page.read_text(encoding="utf-8")) for page in pages())


@pytest.mark.parametrize(
    "text",
    [
        "gamma is `0.7`, see section 4.1 and appendix D.4 (4.2, eq. 7 and 8)",
        "Python 3.10 to 3.13, torch 2.13, scikit-learn before 1.3, carla-recourse 0.0.5, CC BY 4.0",
        "200 people, seeds 0-4, 36,624 rows, table 8, a second copy, ten samples, the 50 bins",
        "accepted where h > .5 and denied where h <= 0.5, one of two cores",
        "```python\nx = 0.7\n```",
        "[a page](speed_2.5.md) <https://example.org/3.5>",
        "<!-- value some.json ratio .1f -->2.0<!-- end --> times faster",
    ],
)
def test_a_setting_or_a_definition_is_let_pass(text: str) -> None:
    assert list(stray_figures(text)) == []


def test_the_blocks_show_what_the_records_have(repository: Path) -> None:
    results = repository / "benchmarks" / "results"
    suite = json.loads((results / "carla_suite.json").read_text())
    lines = blocks.BLOCKS["carla_suite"](results, "carla_suite.json").splitlines()[2:]
    assert sum(int(line.split("|")[1]) for line in lines) == suite["counts"]["failed"]

    pairs = json.loads((results / "speed" / "pairs_cpu.json").read_text())["figures"]
    lines = [line for line in blocks.speed(results, "speed").splitlines() if line.startswith("| `pairs`")]
    for line, row in zip(lines, pairs.values(), strict=True):
        if "ratio" in row:
            assert f"| {row['ratio']:.3g} ({row['ratio_min']:.3g} - {row['ratio_max']:.3g}) |" in line


def test_the_headline_has_few_methods_of_each_data_set_as_the_records_have_them(repository: Path) -> None:
    results = repository / "benchmarks" / "results"
    lines = blocks.compact(results, "paper", "adult", "compas", "heloc").splitlines()
    rows = [[cell.strip(" *‡") for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")][
        2:
    ]
    assert {row[0] for row in rows} == {"Adult", "COMPAS", "HELOC"}
    assert {row[1] for row in rows} == set(LABELS)
    found = [
        json.loads(path.read_text())["scores"]["score"]
        for path in (results / "paper").glob("compas_GenRe-validity_seed*.json")
    ]
    (genre,) = [row for row in rows if row[:2] == ["COMPAS", "GenRe, validity"]]
    assert genre[2] == str(len(found))
    assert genre[6].startswith(f"{sum(found) / len(found):.2f}")


def test_the_best_of_carla_s_methods_has_a_score_and_says_of_how_many_seeds_it_is() -> None:
    def row(label: str, score: float, seeds: int, some: str = "") -> dict[str, object]:
        return {"method": label, "Score": score, "seeds": seeds, "Score seeds": some, "violations": 2.0}

    nobody = {"Wachter": row("Wachter", float("nan"), 5), "GenRe": row("GenRe", 1.9, 5)}
    assert best_of_carla(nobody) == "-"
    some = {**nobody, "CRUD": row("CRUD", 1.2, 5, "4 of 5 seeds")}
    assert best_of_carla(some) == "1.20 (CRUD, answers in 4 of 5 seeds; 2 break a constraint)"
    assert (
        best_of_carla({**some, "Face": row("Face", 1.3, 2)})
        == "1.30 (Face, of 2 seeds; 2 break a constraint)"
    )


def test_the_further_measures_are_of_table_2_s_methods(repository: Path) -> None:
    lines = blocks.further(repository / "benchmarks" / "results", "paper", "compas").splitlines()
    named = {line.split("|")[2].strip() for line in lines if line.startswith("| COMPAS")}
    assert named == set(table2.LABELS)


def test_a_folder_without_records_or_with_a_record_twice_is_told(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no records"):
        blocks.records(tmp_path)
    results = repository / "benchmarks" / "results" / "paper"
    assert len(blocks.records(results)) == len(list(results.glob("*_seed*.json")))
    with pytest.raises(InputError, match="no records of loans"):
        blocks.records(results, ["loans"])
    text = next(results.glob("compas_NNR_seed0_*.json")).read_text()
    for name in ("compas_NNR_seed0_a.json", "compas_NNR_seed0_b.json"):
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=r"two records of compas, 0, NNR: remove compas_NNR_seed0_b\.json"):
        blocks.records(tmp_path)


def test_a_table_of_the_paper_is_made_from_the_records(repository: Path) -> None:
    results = repository / "benchmarks" / "results"
    found = [json.loads(path.read_text()) for path in (results / "paper").glob("compas_NNR_seed*.json")]
    score = sum(record["scores"]["score"] for record in found) / len(found)
    for number in (2, 3):
        made = blocks.BLOCKS[f"table{number}"](results, "paper", "compas")
        assert any("| NNR |" in line and f"| {score:.2f}" in line for line in made.splitlines())


def test_the_seconds_of_carla_s_methods_are_means_over_seeds_an_answer_each(
    repository: Path, tmp_path: Path
) -> None:
    results = repository / "benchmarks" / "results" / "paper"
    for name in ("Dice", "NNR"):
        record = json.loads(next(results.glob(f"compas_{name}_seed0_*.json")).read_text())
        for seed, answer in ((0, 30.0), (1, 50.0)):
            record["cell"] |= {"seed": seed, "n_factuals": 20}
            record["cpu_seconds"] = {"prepare": 2.0 * seed, "answer": answer}
            (tmp_path / f"compas_{name}_seed{seed}_x.json").write_text(json.dumps(record))
    lines = blocks.carla_seconds(tmp_path, ".", "compas").splitlines()
    assert lines[2:] == ["| COMPAS | `Dice` | 1.00 | 2.00 |"]  # NNR is not CARLA's

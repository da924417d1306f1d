"""From records to the page, as a reader and a browser take it."""

import hashlib
import re
import sys
from base64 import b64decode
from pathlib import Path
from urllib.parse import unquote

import pytest
from report_cases import COMMIT, failed, measured, parsed, write

from carla_genre.cli import main
from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.evaluation.measures import FIGURES
from carla_genre.harness.cell import Cell
from carla_genre.harness.table import MEASURES
from carla_genre.report import write_report

EVIL = "<script>alert('x')</script>"


def loans(label="GenRe", seed=0, **more):
    return Cell("loans", seed, label, "GenRe", **more)


def page_of(folder, *records):
    write(folder / "results" / "grid", *records)
    write_report([folder / "results"], folder / "results" / "report.html")
    return parsed(folder / "results" / "report.html")


@pytest.fixture
def page(tmp_path):
    return page_of(
        tmp_path,
        measured(loans(), cost=0.5, changed_features=2.0),
        measured(loans(seed=1), cost=0.25, changed_features=3.0),
        measured(loans("Wachter"), cost=1.0, held=2.0),
        measured(loans("nobody"), cost=None, val=0.0),
        failed(loans("Broken"), "no layers"),
        measured(Cell("homes", 0, "GenRe", "GenRe")),
    )


def ids(page):
    return [
        element.attributes["id"]
        for tag in ("section", "div", "g", "path")
        for element in page.all(tag)
        if "id" in element.attributes
    ]


def rows_of(table):
    return {
        (row.all("th")[0].text, row.all("td")[0].text): row
        for body in table.all("tbody")
        for row in body.all("tr")
    }


def test_every_number_and_point_leads_to_a_configuration(page):
    assert len(ids(page)) == len(set(ids(page)))
    configurations = {part.attributes["id"] for part in page.all("div", class_="configuration")}
    assert len(configurations) == 5
    numbers = [
        cell for table in page.all("table", class_="sortable") for cell in table.all("td", class_="number")
    ]
    assert len(numbers) > 50
    for cell in numbers:
        (link,) = cell.all("a")
        assert link.attributes["href"].removeprefix("#") in configurations
        assert link.text == cell.text
    pictured = [link for svg in page.all("svg") for link in svg.all("a")]
    assert {link.attributes["href"].removeprefix("#") for link in pictured} < configurations
    for link in page.all("a"):
        if link.attributes["href"].startswith("#"):
            assert link.attributes["href"][1:] in ids(page)


def test_what_a_column_is_sorted_by_is_the_number_that_it_shows(page):
    for table in page.all("table", class_="sortable"):
        heads = [head.text for head in table.all("thead")[0].all("th")]
        for row in table.all("tbody")[0].all("tr"):
            cells = [part for part in row.content if getattr(part, "tag", "") in ("th", "td")]
            assert len(cells) == len(heads)
            for cell in cells[2:]:
                key = cell.attributes["data-sort"]
                assert (
                    key == ""
                    if cell.text == "-"
                    else float(key) == pytest.approx(float(re.match(r"[-\d.]+", cell.text)[0]), abs=0.051)
                )


def test_figures_are_means_and_deviations_of_the_records(page):
    loans_table, _, homes, *_ = page.all("table", class_="sortable")
    rows = rows_of(loans_table)
    assert set(rows) == {
        *(("GenRe", "by itself"), ("Wachter", "not held"), ("Wachter", "held")),
        *(("nobody", "by itself"), ("Broken", "")),
    }
    texts = [cell.text for cell in rows["GenRe", "by itself"].all("td")]
    assert texts[1:3] == ["2", "0.38 ± 0.18"]
    assert [cell.text for cell in rows["Broken", ""].all("td")][1:4] == ["0, 1 failed", "-", "-"]
    assert "not-held" in rows["Wachter", "not held"].attributes["class"]
    scores = [
        float(row.all("td")[5].attributes["data-sort"] or -9) for row in loans_table.all("tbody")[0].all("tr")
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(homes.all("tbody")[0].all("tr")) == 1


def test_a_column_without_figures_is_left_out_and_every_other_one_is_told(page):
    first, second, homes, *_ = page.all("table", class_="sortable")
    heads = [[head.text for head in table.all("thead")[0].all("th")] for table in (first, second, homes)]
    assert any(head.startswith("lost") for head in heads[0])
    assert not any(head.startswith("lost") for head in heads[2])
    assert [head.split()[0] for head in heads[1][3:]] == ["soft", "changed"]
    for button in (button for table in (first, second) for button in table.all("button")[3:]):
        better = button.attributes["data-better"]
        assert f"{better} is better" in button.attributes["title"]
        assert button.text[-1] == {"higher": "↑", "lower": "↓"}[better]
    (measures,) = page.all("section", id="measures")
    described = [row.all("th")[0].text.rsplit(" ", 1)[0] for row in measures.all("tbody")[0].all("tr")]
    assert described == list(MEASURES)


def test_every_measure_of_the_tables_has_its_definition():
    for name, column in MEASURES.items():
        assert column.means.definition in column.means.tooltip
        assert (column.means in FIGURES.values()) == (name not in {"lost", "prepare s", "answer s"})


def test_a_configuration_has_all_that_its_records_say(page):
    (genre,) = [
        part
        for part in page.all("div", class_="configuration")
        if part.attributes["data-title"] == "GenRe, loans"
    ]
    lines = {row.all("th")[0].text: [cell.text for cell in row.all("td")] for row in genre.all("tr")}
    assert [head.text for head in genre.all("thead")[0].all("th")] == ["seed 0", "seed 1"]
    assert lines["key"] == [loans().key, loans(seed=1).key]
    assert lines["cost"] == ["0.5", "0.25"]
    assert lines["depth"] == ["3"], "what all records share is said once"
    assert lines["prepare"] and lines["versions.numpy"] == ["2.4.0"] and lines["commit"] == [COMMIT]
    assert lines["checks.denied test rows"] == ["30"]


def test_links_lead_to_the_records(page, tmp_path):
    links = [link for part in page.all("div", class_="configuration") for link in part.all("a")]
    files = {(tmp_path / "results" / unquote(link.attributes["href"])).resolve() for link in links}
    assert files == {path.resolve() for path in (tmp_path / "results" / "grid").glob("*.json")}


def test_pictures_have_a_point_for_each_row_with_figures_and_a_line_for_each_method(page):
    first_val, first_lof, seconds, *_ = page.all("figure")
    for figure in (first_val, first_lof):
        points = [point.attributes["aria-label"] for point in figure.all("a", class_="point")]
        assert len(points) == 3, "nobody has no Cost, Broken no figures"
        assert any(text.startswith("Wachter, not held:") for text in points)
        assert len(figure.all("g", class_="move")) == 1
        assert len(figure.all("g", class_="bar")) == 1, "two seeds of GenRe differ in Cost alone"
    rows = [row.attributes["aria-label"] for row in seconds.all("a", class_="row")]
    assert len(rows) == 3
    assert all("training 3 s" in text and "answering 0.25 s" in text for text in rows)


def test_what_others_wrote_comes_out_as_text(tmp_path):
    page = page_of(
        tmp_path,
        measured(loans(EVIL, hyperparams={"note": EVIL})),
        failed(Cell(EVIL, 0, EVIL, "x"), EVIL, commit=EVIL),
    )
    assert len(page.all("script")) == 1
    text = page.text
    assert text.count(EVIL) > 10
    (failures,) = page.all("section", id="failures")
    assert failures.text.count(EVIL) == 3


def test_the_page_loads_nothing_and_runs_its_own_script_alone(page, tmp_path):
    for tag in ("img", "link", "iframe", "object", "embed"):
        assert page.all(tag) == []
    assert not any("src" in script.attributes for script in page.all("script"))
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    rules = policy.attributes["content"]
    assert rules.startswith("default-src 'none'")
    source = (tmp_path / "results" / "report.html").read_text()
    for tag in ("script", "style"):
        (digest,) = re.findall(rf"{tag}-src 'sha256-([^']+)'", rules)
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, flags=re.DOTALL)
        assert b64decode(digest) == hashlib.sha256(content.encode()).digest()
        assert "http" not in content and "url(" not in content
    assert " style=" not in source and " onclick=" not in source


def test_records_that_were_made_in_other_ways_are_told(tmp_path):
    old = {**measured(loans(seed=2)), "key": "000000000000"}
    other = measured(loans(seed=1), given={"numpy": "2.3.0", "commit": f"{'f' * 40}+"})
    page = page_of(tmp_path, measured(loans()), other, old)
    (warning,) = page.all("div", class_="warning")
    assert "numpy: 2.4.0 (2), 2.3.0 (1)" in warning.text
    assert "commit: 012345678 (2), fffffffff+ (1)" in warning.text
    assert "1 of 3 records have another key" in warning.text
    assert "1 of 3 records come from code with changes" in warning.text
    assert "of another version of the records" in page.all("div", class_="configuration")[0].text


def test_records_that_agree_have_no_warning(tmp_path):
    assert page_of(tmp_path, measured(loans()), measured(loans(seed=1))).all("div", class_="warning") == []


def test_files_left_out_are_counted(tmp_path):
    earlier = measured(loans(), given={"time": "2026-01-01T00:00:00+00:00"})
    write(tmp_path / "results" / "before", earlier)
    (tmp_path / "results" / "other.json").write_text("{}")
    page = page_of(tmp_path, measured(loans()))
    (provenance,) = page.all("section", id="provenance")
    superseded, skipped = provenance.all("details")
    assert superseded.text.startswith("1 record of a cell that another record speaks for")
    assert superseded.all("a")[0].attributes["href"] == "before/000%20seed0.json"
    assert skipped.text == "1 file skipped other.json: no record of a benchmark"


def test_one_page_for_equal_records(tmp_path):
    folder = write(tmp_path / "records", measured(loans()), measured(loans("b")))
    for name in ("a.html", "b.html"):
        write_report([folder], tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2
    assert "carla-genre benchmark" in capsys.readouterr().err
    write(Path("results") / "grid", measured(loans()), failed(loans("Broken")))
    (Path("results") / "grid" / "other.json").write_text("{}")
    assert main(["report"]) == 0
    told = capsys.readouterr().out
    assert (
        "results/report.html" in told and "2 records (1 failed)" in told and "1 other files skipped" in told
    )
    assert parsed(Path("results/report.html")).all("h1")[0].text == "Benchmark of loans"
    assert main(["report", "results/grid", "--out", "elsewhere/deep/page.html"]) == 0
    assert Path("elsewhere/deep/page.html").exists()


def test_a_page_that_cannot_be_written_is_one_error(tmp_path):
    folder = write(tmp_path / "records", measured(loans()))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_report([folder], tmp_path / "file" / "page.html")


def test_without_matplotlib_the_one_error_has_the_command_and_no_page_is_written(tmp_path, monkeypatch):
    folder = write(tmp_path / "records", measured(loans()))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "matplotlib.style", raising=False)
    with pytest.raises(MissingDependencyError, match=r"a report needs matplotlib.*'carla-genre\[plot\]'"):
        write_report([folder], tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()

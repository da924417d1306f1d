"""The site: every page is in it, every public name has a place, no link or picture is broken, nothing is loaded."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOMS = (
    "causal",
    "constraints",
    "evaluation",
    "harness",
    "protocol",
    "recourse",
    "report",
    "schema",
    "selection",
)


class Page(HTMLParser):
    """What a page leads to, what it shows or loads, and what can be led to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {given[name] or "" for name in ("id", "name") if name in given}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        elif tag in {"img", "script", "source"} and given.get("src"):
            self.loaded.append(given["src"] or "")
        elif tag == "link" and given.get("rel") in {"stylesheet", "icon"}:
            self.loaded.append(given["href"] or "")


@pytest.fixture(scope="module")
def site(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def broken(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    for path, page in pages.items():
        for target in [*page.links, *page.loaded]:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                if target in page.loaded:
                    yield f"{path.relative_to(site)} loads {target}"
                continue
            file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            file = file / "index.html" if file.is_dir() else file
            if not file.exists():
                yield f"{path.relative_to(site)} leads to {target}"
            elif parts.fragment and file in pages and unquote(parts.fragment) not in pages[file].anchors:
                yield f"{path.relative_to(site)} leads to {target}, which has no such place"


@pytest.mark.slow
def test_links_and_pictures_are_there_and_nothing_comes_from_elsewhere(site: Path) -> None:
    pages = {path.resolve(): Page(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(pages) > 50
    assert list(broken(site.resolve(), pages)) == []


@pytest.mark.slow
def test_equations_are_mathml_and_lists_are_lists(site: Path) -> None:
    text = (site / "how_it_works.html").read_text(encoding="utf-8")
    assert text.count("<math") > 15
    assert "arithmatex" not in text
    everything = "".join(path.read_text(encoding="utf-8") for path in site.glob("*.html"))
    assert re.findall(r"<m\w+>\\.*?</m\w+>", everything) == []  # a command that was not understood
    assert re.findall(r"(?:<p>|\. )- <strong>", everything) == []


@pytest.mark.slow
@pytest.mark.slow
def test_a_figure_and_its_deviation_stay_on_one_line(site: Path) -> None:
    cells = re.findall(r"<td[^>]*>(.*?)</td>", (site / "methods.html").read_text(encoding="utf-8"))
    figures = [cell for cell in cells if "±" in cell]
    assert len(figures) > 100 and not [cell for cell in figures if " " in cell.partition(" (")[0]]


def test_the_search_needs_no_server(site: Path) -> None:
    index = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    assert "check_method" in index
    assert "conformal" in index


def test_every_public_name_has_a_place_in_the_reference(repository: Path) -> None:
    pages = "".join(
        path.read_text(encoding="utf-8") for path in (repository / "docs" / "reference").glob("*.md")
    )
    shown = {line.rpartition(".")[2] for line in re.findall(r"^::: ([\w.]+)$", pages, flags=re.MULTILINE)}
    errors = importlib.import_module("carla_genre.errors")
    shown |= {name for name in vars(errors) if name[0].isupper()}  # their page has the whole module
    public = set(importlib.import_module("carla_genre").__all__) - {"__version__"}
    for room in ROOMS:
        public |= set(importlib.import_module(f"carla_genre.{room}").__all__)
    assert public - shown == set()

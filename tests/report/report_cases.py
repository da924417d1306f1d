"""Records to report on, and a page as a reader takes it apart."""

from __future__ import annotations

import json
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from carla_genre.harness.cell import Cell

VOID = {"meta", "input", "br", "link", "circle", "rect", "img"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def environment(**changed: Any) -> dict[str, Any]:
    return {
        "versions": {"numpy": changed.pop("numpy", "2.4.0")},
        "hardware": {"processor": "one", "gpu": changed.pop("gpu", None)},
        "commit": changed.pop("commit", COMMIT),
        "time": changed.pop("time", "2026-11-21T10:00:00+00:00"),
    }


def scores(cost: float | None = 1.0, val: float = 0.5, **more: Any) -> dict[str, Any]:
    score = None if cost is None else val + 0.75 - cost / 4
    return {
        "cost": cost,
        "val": val,
        "lof": 0.75,
        "score": score,
        "soft_val": 0.5,
        "answered": 1.0,
        "d": 4,
        "violations": {"immutable": 2, "rows": 2},
        **more,
    }


def measured(
    cell: Cell, held: float | None = None, given: dict[str, Any] | None = None, **of_scores: Any
) -> Any:
    """A record; ``held`` is the cost with the constraints held, of a method that does not hold them by itself."""
    record = {
        "cell": asdict(cell),
        "key": cell.key,
        "setting": {"checks": {"denied test rows": 30}, "seconds": {"h": 1.5}},
        "seconds": {"prepare": 4.0, "answer": 0.5},
        "cpu_seconds": {"prepare": 3.0, "answer": 0.25},
        "hyperparams": {"seed": cell.seed, "depth": 3, **cell.hyperparams},
        "scores": scores(**of_scores),
        "rows": {"cost": [1.0, 2.0]},
        "environment": environment(**(given or {})),
    }
    if held is not None:
        record["constrained"] = {"scores": scores(cost=held), "rows": {}, "report": {"lost": 1}}
    return record


def failed(cell: Cell, message: str = "no layers", **given: Any) -> Any:
    error = {"type": "InputError", "message": message, "traceback": ["Traceback\n", f"{message}\n"]}
    return {"cell": asdict(cell), "key": cell.key, "error": error, "environment": environment(**given)}


def write(folder: Path, *records: Any) -> Path:
    """Each into a file that is named after its place and seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, record in enumerate(records):
        cell = record["cell"]
        (folder / f"{place:03} seed{cell['seed']}.json").write_text(json.dumps(record))
    return folder


class Element:
    """A part of a page: its tag, attributes, parts and texts, in their order."""

    def __init__(self, tag: str, attributes: dict[str, str | None], parent: Element | None = None) -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.content: list[Element | str] = []

    def all(self, tag: str, **wanted: str) -> list[Element]:
        """Parts of a tag; ``class_="point"`` asks for one of its classes, other attributes for the whole value."""
        found = []
        for part in self.content:
            if isinstance(part, Element):
                found += [part] if part.tag == tag and part._has(wanted) else []
                found += part.all(tag, **wanted)
        return found

    def _has(self, wanted: dict[str, str]) -> bool:
        classes = (self.attributes.get("class") or "").split()
        return all(
            value in classes if name == "class_" else self.attributes.get(name) == value
            for name, value in wanted.items()
        )

    @property
    def text(self) -> str:
        parts = (part if isinstance(part, str) else part.text for part in self.content)
        return " ".join("".join(parts).split())


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.open = Element("page", {})

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attributes), self.open)
        self.open.content.append(element)
        if tag not in VOID:
            self.open = element

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.open.content.append(Element(tag, dict(attributes), self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.tag == tag, f"</{tag}> ends <{self.open.tag}>"
        assert self.open.parent is not None
        self.open = self.open.parent

    def handle_data(self, text: str) -> None:
        self.open.content.append(text)


def parsed(path: Path) -> Element:
    """The page; an element that is not closed, or closed in another's place, is an error."""
    builder = _Builder()
    builder.feed(path.read_text(encoding="utf-8"))
    builder.close()
    assert builder.open is builder.root, f"<{builder.open.tag}> is not closed"
    return builder.root

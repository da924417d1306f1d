"""The worked examples of the guide print what the page shows, in shape: other processors round otherwise."""

from __future__ import annotations

import os
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "worked_examples.py"))
PAGE = SCRIPT["PAGE"].read_text(encoding="utf-8")
EXAMPLES = {example.title: example for example in SCRIPT["examples"](PAGE)[1:]}


def shape(text: str) -> list[str]:
    """The first line with numbers masked, and how many columns the table of changes has."""
    return [re.sub(r"[\d.]+", "0", line) for line in text.splitlines() if "people," in line]


def test_every_example_shows_answers_and_what_to_note() -> None:
    assert len(EXAMPLES) == 6
    assert all(" with 0 options" not in one.printed and shape(one.printed) for one in EXAMPLES.values())
    assert PAGE.count("\nNote: ") == len(EXAMPLES)
    assert all("before" in one.printed and "after" in one.printed for one in EXAMPLES.values())


@pytest.mark.slow
@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_prints_what_the_page_shows(
    title: str, monkeypatch: pytest.MonkeyPatch, fewer_steps: None
) -> None:
    if "CF_DATA" in EXAMPLES[title].code:
        folders = [os.environ.get("CF_DATA"), ROOT.parent / "shared" / "data"]
        found = [str(one) for one in folders if one and (Path(one) / "german_credit.csv").exists()]
        if not found:
            pytest.skip("no german_credit.csv in CF_DATA or ../shared/data")
        monkeypatch.setenv("CF_DATA", found[0])
    ((example, printed),) = SCRIPT["run"](PAGE, title)
    assert shape(printed) == shape(example.printed)
    assert " 0 with 0 options" not in printed

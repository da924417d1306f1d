"""The Python blocks of the README and of docs run as they stand, in the order in which a reader meets them.

A block that only sketches something is marked `py`. What a reader has is there: loans.csv, and CARLA's files in
~/carla-csv-files. GenRe's default preset trains for fewer steps than a reader's.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

# They take longest, and .ci/run has them.
SLOW = {"benchmark.md", "carla.md", "faq.md", "group_report.md", "index.md"}
ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "CODE_OF_CONDUCT.md")
    ),
    *sorted((ROOT / "docs").rglob("*.md")),
]


def python_blocks(page: Path) -> str:
    """All Python blocks as one program; a block keeps its line numbers, so that a traceback points into the page."""
    text = page.read_text(encoding="utf-8")
    program = [""] * (text.count("\n") + 1)
    for block in re.finditer(r"^( *)```python\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE):
        first = text.count("\n", 0, block.start(2))
        for offset, line in enumerate(textwrap.dedent(block.group(2)).splitlines()):
            program[first + offset] = line
    return "\n".join(program)


def loans(n_rows: int = 600) -> pd.DataFrame:
    """A lender's file: what a reader has on disk."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 80, n_rows),
            "sex": random.choice(["female", "male"], n_rows),
            "purpose": random.choice(["car", "house", "study", "other"], n_rows),
            "income": random.lognormal(10.5, 0.5, n_rows).round(),
            "debt": random.exponential(8000, n_rows).round(),
            "savings": random.exponential(5000, n_rows).round(),
        }
    )
    odds = (frame["income"] - 2 * frame["debt"]) / 15000 - (frame["purpose"] == "other")
    frame["approved"] = (odds + random.normal(0, 0.5, n_rows) > 1).astype(int)
    return frame


def own_pipeline() -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """A reader's pipeline, trained on raw columns, its table, and people whom it refuses."""
    table = loans()
    applications, people = table.iloc[:450], table.iloc[450:].drop(columns="approved")
    before = make_column_transformer((OneHotEncoder(), ["sex", "purpose"]), remainder="passthrough")
    pipeline = make_pipeline(before, GradientBoostingClassifier(n_estimators=30, random_state=0))
    pipeline.fit(applications.drop(columns="approved"), applications["approved"])
    return pipeline, applications, people[pipeline.predict(people) == 0]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow if page.name in SLOW else ())
        for page in PAGES
        if python_blocks(page).strip() and page.name != "worked_examples.md"  # which has a test of its own
    ],
    ids=lambda page: page.name,
)
def test_python_blocks_run(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    fewer_steps: None,
) -> None:
    pytest.importorskip("carla")
    monkeypatch.chdir(tmp_path)
    loans().to_csv("loans.csv", index=False)
    if "~/carla-csv-files" in python_blocks(page):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        (tmp_path / "carla-csv-files").symlink_to(request.getfixturevalue("data_root"))
    module = ModuleType("page")  # a dataclass looks for the module that it is defined in
    monkeypatch.setitem(sys.modules, "page", module)
    names: dict[str, Any] = vars(module)
    if "recourse = Recourse(pipeline" in python_blocks(page):
        names.update(zip(("pipeline", "applications", "refused"), own_pipeline(), strict=True))
    exec(compile(python_blocks(page), str(page), "exec"), names)
    if page.name == "carla.md":
        turned_down, answers = names["turned_down"], names["answers"]
        assert len(turned_down) > 20
        assert answers.index.equals(turned_down.index)
        found = answers.dropna()
        assert len(found) > 0
        sex = [name for name in found.columns if name.startswith("sex")]
        pd.testing.assert_frame_equal(found[sex], turned_down.loc[found.index, sex])
        assert (found["age"] >= turned_down.loc[found.index, "age"]).all()


def test_every_relative_link_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"

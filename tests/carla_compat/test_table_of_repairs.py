"""docs/carla_compat.md lists every repair."""

from __future__ import annotations

from pathlib import Path

import pytest

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.__main__ import BEGIN, END, main, table, with_table


def test_the_documentation_is_up_to_date(repository: Path) -> None:
    text = (repository / "docs" / "carla_compat.md").read_text(encoding="utf-8")
    assert with_table(text) == text, "run: python -m carla_genre.carla_compat docs/carla_compat.md"


def test_every_repair_has_a_row() -> None:
    rows = table().splitlines()
    assert len(rows) == 2 + len(registry.repairs())
    for entry, row in zip(registry.repairs(), rows[2:], strict=True):
        assert row.startswith(f"| `{entry.name}` | ")
        assert all(f"`{name}`" in row for name in entry.modules)
        assert row.replace(r"\|", "").count("|") == 4


def test_only_what_is_between_the_marks_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n", encoding="utf-8")
    main([str(page)])
    text = page.read_text(encoding="utf-8")
    assert text == f"Before.\n{BEGIN}\n{table()}\n{END}\nAfter.\n"
    main([])
    assert capsys.readouterr().out.strip() == table()

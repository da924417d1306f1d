"""Run the worked examples of the guide, and write what they print beneath them.

    python scripts/worked_examples.py            # rewrites docs/worked_examples.md
    python scripts/worked_examples.py --only "Five features only"   # prints, writes nothing

German credit is read from the folder CF_DATA, else ../shared/data.
"""

from __future__ import annotations

import argparse
import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

PAGE = Path(__file__).resolve().parents[1] / "docs" / "worked_examples.md"
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)


class Example(NamedTuple):
    """A section's title, its code, what the page says that it prints, and where the blocks lie in the page."""

    title: str
    code: str
    printed: str
    span: tuple[int, int]


def examples(page: str) -> list[Example]:
    """The blocks of code in the page; the first one is common to all."""
    titles = [(match.start(), match.group(1)) for match in re.finditer(r"^##? (.*)$", page, re.MULTILINE)]
    found = []
    for block in BLOCK.finditer(page):
        title = [text for start, text in titles if start < block.start()][-1]
        found.append(Example(title, block.group(1), block.group(2) or "", block.span()))
    return found


def run(page: str, only: str | None = None) -> Iterator[tuple[Example, str]]:
    """Each example with what it prints."""
    common, *others = examples(page)
    names: dict[str, Any] = {"__name__": "worked_examples"}
    exec(compile(common.code, common.title, "exec"), names)
    for example in others:
        if only is None or only == example.title:
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(compile(example.code, example.title, "exec"), dict(names))
            yield example, "\n".join(line.rstrip() for line in printed.getvalue().splitlines()) + "\n"


def rewritten(page: str) -> str:
    """The page with what its examples print."""
    for example, printed in reversed(list(run(page))):
        start, end = example.span
        page = f"{page[:start]}```python\n{example.code}```\n\n```text\n{printed}```\n{page[end:]}"
    return page


def main() -> None:
    """Run, and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="the title of a section")
    only = parser.parse_args().only
    page = PAGE.read_text(encoding="utf-8")
    if only is None:
        PAGE.write_text(rewritten(page), encoding="utf-8")
    else:
        for _, printed in run(page, only):
            print(printed)


if __name__ == "__main__":
    main()

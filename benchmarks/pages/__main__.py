"""Write the generated blocks of all pages anew, or check them.

python -m benchmarks.pages            write them from the JSONs
python -m benchmarks.pages --check    write nothing; exit with 1 where a page is not as its JSONs have it,
                                      or states a measured figure outside of a block
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from benchmarks.command import command_parser
from benchmarks.pages.blocks import ROOT
from benchmarks.pages.render import rendered
from benchmarks.pages.stray import stray_figures
from carla_genre.errors import InputError
from carla_genre.io import write_text

ADVICE = """\
A measured figure comes from a JSON of benchmarks/results, by a block (benchmarks/pages/blocks.py), or is left out;
a setting or a definition stands in `code`."""


def pages(root: Path = ROOT) -> list[Path]:
    """The pages that are kept: README, change log, docs and the benchmarks' own."""
    named = [root / name for name in ("README.md", "CHANGELOG.md", "benchmarks/README.md")]
    return [*(path for path in named if path.exists()), *sorted((root / "docs").glob("*.md"))]


def faults(page: Path, root: Path = ROOT) -> list[str]:
    """What is wrong with a page, one line each: blocks that are not as their JSONs have them, stray figures."""
    name, text = page.relative_to(root), page.read_text(encoding="utf-8")
    stray = [
        f"{name}:{line}: {figure!r}, {kind}, is outside of a block"
        for line, figure, kind in stray_figures(text)
    ]
    try:
        old, new = text.splitlines(), rendered(text, root, str(name)).splitlines()
    except InputError as error:
        return [str(error), *stray]
    if old == new:
        return stray
    line = next(i for i, (was, is_now) in enumerate(zip_longest(old, new), 1) if was != is_now)
    return [f"{name}:{line}: not as the JSONs have it; python -m benchmarks.pages writes it", *stray]


def write(page: Path, root: Path = ROOT) -> None:
    """Write a page's blocks anew.

    Raises
    ------
    InputError
        A block cannot be made; the page is left as it is.
    """
    text = page.read_text(encoding="utf-8")
    new = rendered(text, root, str(page.relative_to(root)))
    if new != text:
        write_text(page, new)
        print(f"written: {page.relative_to(root)}")


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write or check all pages; the exit status: 1 where something is wrong with one."""
    parser = command_parser("pages", __doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and say what is wrong")
    if parser.parse_args(arguments).check:
        found = [fault for page in pages(root) for fault in faults(page, root)]
        print("\n".join([*found, ADVICE] if found else ["every figure comes from a JSON"]))
        return int(bool(found))
    wrong = 0
    for page in pages(root):
        try:
            write(page, root)
        except InputError as error:
            print(error, file=sys.stderr)
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())

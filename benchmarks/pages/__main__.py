"""Write the generated blocks of all pages anew, or check them.

python -m benchmarks.pages            write them from the JSONs
python -m benchmarks.pages --check    write nothing; exit with 1 where a page is not as its JSONs have it,
                                      or states a measured figure outside of a block
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pages.blocks import ROOT
from benchmarks.pages.render import rendered
from benchmarks.pages.stray import stray_figures
from carla_genre.errors import InputError
from carla_genre.harness.record import write_whole

ADVICE = """\
A measured figure comes from a JSON of benchmarks/results, by a block (benchmarks/pages/blocks.py), or is left out;
a setting or a definition stands in `code`."""


def pages(root: Path = ROOT) -> list[Path]:
    """The pages that are kept: README, change log, docs and the benchmarks' own."""
    named = [root / name for name in ("README.md", "CHANGELOG.md", "benchmarks/README.md")]
    return [*(path for path in named if path.exists()), *sorted((root / "docs").glob("*.md"))]


def faults(page: Path, root: Path = ROOT) -> list[str]:
    """What is wrong with a page, one line each: blocks that are not as their JSONs have them, stray figures."""
    name = page.relative_to(root)
    text = page.read_text(encoding="utf-8")
    old, new = text.splitlines(), rendered(text, root, str(name)).splitlines()
    first = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False), 1) if a != b), min(len(old), len(new))
    )
    stale = (
        [f"{name}:{first}: not as the JSONs have it; python -m benchmarks.pages writes it"]
        if old != new
        else []
    )
    return stale + [
        f"{name}:{line}: {figure!r}, {kind}, is outside of a block"
        for line, figure, kind in stray_figures(text)
    ]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write or check all pages; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pages",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing, and say what is wrong")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            found = [fault for page in pages(root) for fault in faults(page, root)]
            print("\n".join([*found, ADVICE] if found else ["every figure comes from a JSON"]))
            return 1 if found else 0
        for page in pages(root):
            text = page.read_text(encoding="utf-8")
            new = rendered(text, root, str(page.relative_to(root)))
            if new != text:
                write_whole(page, new)
                print(f"written: {page.relative_to(root)}")
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

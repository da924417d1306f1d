"""Find the generated blocks of a page and put in what the records say.

A block begins with a comment that names what makes it and the files that it is made from, and ends with one::

    <!-- scores benchmarks/results/score_seed42_cpu.json -->
    | data | method | ...
    <!-- end -->

The same within a line is a number in a sentence. A mark inside of code is none.
"""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.pages.blocks import BLOCKS
from carla_genre.errors import InputError

# The text of a block holds no other comment, so that a forgotten end does not swallow the next block.
BLOCK = re.compile(
    r"<!-- (?P<name>\w+) (?P<arguments>[^\n]+?) -->(?P<text>(?:(?!<!--).)*)<!-- end -->", re.DOTALL
)
MARK = re.compile(r"<!-- (?:\w+ [^\n]+?|end) -->")
CODE = re.compile(r"^( *)```.*?^ *```[^\n]*$|(?<!`)(`+)(?!`)[^\n]+?(?<!`)\2(?!`)", re.DOTALL | re.MULTILINE)


def blank(text: str) -> str:
    """Spaces of the same shape: positions and line numbers stay."""
    return re.sub(r"[^\n]", " ", text)


def without_code(text: str) -> str:
    """The page with its fenced blocks and code spans blanked."""
    return CODE.sub(lambda code: blank(code[0]), text)


def rendered(
    text: str, root: Path, page: str = "page", blocks: Mapping[str, Callable[..., str]] = BLOCKS
) -> str:
    """The page with every block made anew.

    Parameters
    ----------
    text : str
    root : Path
        What the files that blocks name are relative to.
    page : str
        The page's name, for errors.
    blocks : mapping
        Name of a block -> function of the root and the block's arguments that gives its Markdown.

    Raises
    ------
    InputError
        A mark without its other half, a name that makes nothing, or what its function objects to.
    """
    readable = without_code(text)
    matches = list(BLOCK.finditer(readable))
    for mark in MARK.finditer(readable):
        if not any(block.start() <= mark.start() < block.end() for block in matches):
            raise InputError(
                f"{_place(page, text, mark.start())}: {mark[0]} has no other half; a block ends with <!-- end -->"
            )
    parts, done = [], 0
    for block in matches:
        name, place = block["name"], _place(page, text, block.start())
        if name not in blocks:
            raise InputError(f"{place}: no block is called {name!r}; there are {', '.join(sorted(blocks))}")
        arguments = root, *shlex.split(block["arguments"])
        try:
            inspect.signature(blocks[name]).bind(*arguments)
            made = blocks[name](*arguments).strip("\n")
        except (InputError, TypeError) as error:
            raise InputError(f"{place}: {name}: {error}") from error
        inline = not block["text"].startswith("\n")
        parts += [text[done : block.start("text")], made if inline else f"\n{made}\n"]
        done = block.end("text")
    return "".join([*parts, text[done:]])


def _place(page: str, text: str, position: int) -> str:
    return f"{page}:{text.count(chr(10), 0, position) + 1}"

"""Find figures in prose that look measured and stand outside of a generated block.

Prose may state a measurement as a number from a JSON (an inline block) or not at all: a figure that was typed is
wrong as soon as something is measured again. What is a setting or a definition stands in a code span; the few other
kinds of numbers that prose needs are in ``ALLOWED``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from benchmarks.pages.render import BLOCK, blank, without_code

_NUMBER = r"(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
_COUNT = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred)"
_ANY = rf"(?:{_NUMBER}|{_COUNT})"
_TIME = r"(?:milliseconds?|seconds?|minutes?|hours?|days?)"
_MORE = r"(?:faster|slower|quicker|cheaper|smaller|larger|higher|lower|better|worse|fewer|more|less|as)"
_MEASURE = r"(?:Score|Cost|Val|LOF|accuracy|validity)"

# What looks measured, and why.
MEASURED = {
    "a time in words": rf"\b(?:{_COUNT}|half an?|an?(?! second\b))(?: {_COUNT})? {_TIME}\b",
    "part of a unit": rf"\b(?:half|third|quarter|fifth|tenth|hundredth) of an? {_TIME}\b",
    "a number with a unit": rf"(?<![\w.]){_NUMBER}\s?(?:{_TIME}\b|(?:s|ms|sec|min|kB|MB|GB|MiB|GiB)\b|%|percent\b)",
    "a ratio": rf"(?<![\w.]){_NUMBER}(?:x\b|\s?-?fold\b| times {_MORE}\b)",
    "a ratio in words": rf"\b(?:{_COUNT} times|twice) {_MORE}\b",
    "a count of a total": rf"(?<![\w.])(?!one){_ANY} of (?:the |all |all the )?{_ANY}(?!\w)",
    "a measure's value": rf"\b{_MEASURE}(?:s? (?:is|of|are|was|were|=))? -?{_NUMBER}",
    "a fraction": r"(?<![\w.,-])-?\d*\.\d+(?:e-?\d+)?(?!\w|\.\d)|(?<![\w.])\d+e-?\d+\b",
}

# What is no measurement, and why.
ALLOWED = {
    "a version, after the name of what has it": (
        r"\b(?:CC BY|Keras|Python|TensorFlow|dice-ml|numpy|pandas|python-mip|scikit-learn|torch|triton|xgboost)\s+"
        r"(?:before )?\d+(?:\.\d+)+(?:(?:,|,? (?:to|and|or))\s+\d+(?:\.\d+)+)*"
    ),
    "a version of three parts": r"\b\d+\.\d+\.\d+\b",
    "where something stands in a paper": (
        r"\b(?:sections?|appendix|eq\.|equations?|tables?|figures?) [A-Z]?\.?\d+(?:\.\d+)*|\(\d\.\d(?:\.\d)?[,)]"
    ),
    "a threshold, which defines": rf"\bh ?[<>]=? ?{_NUMBER}",
}


def stray_figures(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, text and kind of each figure that no block makes.

    Parameters
    ----------
    text : str
        A page of Markdown. Of code only the comments are read, since they speak to the reader as prose does.
    """
    prose = _without_blocks(text)
    for pattern in ALLOWED.values():
        prose = re.sub(pattern, lambda allowed: blank(allowed[0]), prose)
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for kind, pattern in MEASURED.items():
        for match in re.finditer(pattern, prose):
            if not any(start <= match.start() < end for start, end in found):
                found[match.span()] = " ".join(match[0].split()), kind
    for (start, _), (figure, kind) in sorted(found.items()):
        yield prose.count("\n", 0, start) + 1, figure, kind


def _without_blocks(text: str) -> str:
    """The page's prose in its places: no code but the comments in it, no generated block, comment or address."""
    readable = without_code(text)
    for pattern in (
        BLOCK,
        re.compile(r"<!--.*?-->", re.DOTALL),
        re.compile(r"\]\([^)\n]*\)|<https?:[^>\n]*>"),
    ):
        readable = pattern.sub(lambda found: blank(found[0]), readable)
    lines = readable.split("\n")
    for number, line in _comments(text):
        lines[number] = line
    return "\n".join(lines)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Number (from 0) and text of the comments in fenced blocks of Python, YAML, TOML and the shell."""
    fence = None
    for number, line in enumerate(text.split("\n")):
        if line.lstrip().startswith("```"):
            fence = None if fence is not None else line.strip("` ")
        elif fence in {"python", "py", "yaml", "toml", "sh"} and (
            comment := re.search(r"(?:^|\s)#\s(.*)", line)
        ):
            yield number, comment[1]

"""Docstrings of the package as Markdown: Sphinx's roles become links inside of the site, and `::` a colon."""

from __future__ import annotations

import re

import griffe

ROLE = re.compile(r":(?:func|class|meth|mod|data|attr):`(~?)([\w.]+)`")


class Docstrings(griffe.Extension):
    """Rewrite each docstring once, when its object is read from the source."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """One function, class, module or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(text: str) -> str:
    """A docstring with what only Sphinx knows put into Markdown."""
    text = ROLE.sub(_link, text)
    return re.sub(r"::$", ":", text, flags=re.MULTILINE)


def _link(role: re.Match[str]) -> str:
    name = role[2]
    shown = name.rpartition(".")[2] if role[1] else name.removeprefix("carla_genre.")
    return f'<autoref identifier="{name}" optional><code>{shown}</code></autoref>'

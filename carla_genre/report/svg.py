"""matplotlib's figures as SVG inside the page: matplotlib places the shapes, the page's style colours them."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from carla_genre.loading import load_extra

_LEFT_OUT = {"metadata", "style", "clipPath"}
_ATTRIBUTES = {"d", "href", "transform", "viewBox", "x", "y"}


@contextmanager
def drawing(
    width: float, height: float, left: float, right: float, top: float, bottom: float
) -> Iterator[Any]:
    """Axes with a grid and no frame, in a figure of one point for each unit of its SVG.

    While it is open, matplotlib has its own defaults, whatever the user has in a matplotlibrc. A text stays a text
    that can be selected. MissingDependencyError where matplotlib is not installed.
    """
    style = load_extra("plot", "a report", "matplotlib.style")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.context(["default", {"svg.fonttype": "none", "font.size": 11}]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the page has the reader's fonts, not matplotlib's
        figure = Figure(figsize=(width / 72, height / 72), dpi=72, frameon=False)
        FigureCanvasAgg(figure)  # it measures texts
        size = (width - left - right) / width, (height - top - bottom) / height
        axes = figure.add_axes((left / width, bottom / height, *size), frame_on=False)
        axes.tick_params(which="both", bottom=False, left=False)
        axes.grid()
        yield axes


def inline_svg(axes: Any, title: str, links: Sequence[tuple[str, str, str]]) -> str:
    """The SVG of a figure.

    Nothing in it has a style of its own, which the page's content security policy forbids. A group has the artist's
    gid as its class. An artist whose gid is a number and a class is drawn inside the link of that number. ``axes`` are
    those of :func:`drawing`, still open; no other picture of the page has the same ``title``, which is for screen
    readers. ``links`` (anchor, class, tooltip) are drawn over all else, in their order.
    """
    from matplotlib import rc_context

    file = io.BytesIO()
    with rc_context({"svg.hashsalt": title}):
        axes.figure.savefig(file, format="svg")
    source = fromstring(file.getvalue())
    picture = Element("svg", {**_attributes(source), "role": "group", "aria-label": title})
    anchors = []
    for anchor, css, tooltip in links:
        anchors.append(Element("a", {"href": f"#{anchor}", "class": css, "aria-label": tooltip}))
        SubElement(anchors[-1], "title").text = tooltip
    _copy(source, picture, anchors)
    picture.extend(anchors)
    return tostring(picture, encoding="unicode")


def _copy(source: Element, target: Element, anchors: Sequence[Element]) -> None:
    """Copy the shapes and texts inside a node into one of the page, or into the links that they belong to."""
    for node in source:
        tag = _local(node.tag)
        if tag not in _LEFT_OUT:
            number, _, css = node.get("id", "").partition(" ")
            copied = SubElement(anchors[int(number)] if css else target, tag, _attributes(node))
            if tag == "g" and number:
                copied.set("class", css or re.sub(r"^matplotlib\.|_\d+$", "", number))
            copied.text = (node.text or "").strip()
            _copy(node, copied, anchors)


def _attributes(node: Element) -> dict[str, str]:
    """Those of a node that place it."""
    names = _ATTRIBUTES | ({"id"} if _local(node.tag) == "path" else set())
    kept = {_local(name): value for name, value in node.attrib.items() if _local(name) in names}
    anchor = re.search(r"text-anchor: (\w+)", node.get("style", ""))
    return {**kept, "text-anchor": anchor[1]} if anchor else kept


def _local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]

"""What the figures share: colours that people with colour blindness tell apart, and files that come out the same again.

A figure is drawn from JSONs alone, so that whoever has them has the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from carla_genre.loading import load_extra

# Red against blue of ColorBrewer's RdBu: light for training rows, dark for people and answers.
DENIED, ACCEPTED = "#f4a582", "#92c5de"
PERSON, ANSWER = "#b2182b", "#053061"
LINE = "#404040"
# Of the palette of Okabe and Ito.
OURS, THEIRS = "#0072b2", "#d55e00"
# Sharp in print at the width of a page, and not too large to be kept beside the records.
DPI = 120


def new_figure(width: float, height: float) -> Any:
    """An empty ``matplotlib.figure.Figure``, of so many inches.

    Raises
    ------
    MissingDependencyError
        There is no matplotlib.
    """
    return load_extra("plot", "a picture", "matplotlib.figure").Figure(
        figsize=(width, height), layout="constrained"
    )


def draw_legend(figure: Any, entries: Mapping[str, Any], width: float, **more: Any) -> None:
    """Put a legend below all panels, in as many columns as there is room for.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    entries : mapping
        Text -> what stands before it.
    width : float
        Of an entry, in inches.
    **more
        As ``Figure.legend`` takes it.
    """
    columns = max(1, min(len(entries), int(figure.get_figwidth() // width)))
    handles, texts = list(entries.values()), list(entries)
    figure.legend(handles, texts, loc="outside lower center", ncols=columns, frameon=False, **more)


def save(figure: Any, path: Path) -> tuple[Path, Path]:
    """Write a figure as ``path`` with .png and with .svg; the same figure gives the same bytes."""
    from matplotlib import rc_context
    from PIL import Image  # which matplotlib needs

    pages = path.with_suffix(".png"), path.with_suffix(".svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    # The ids in an SVG are hashes; without a salt of one's own they are random.
    with rc_context({"svg.hashsalt": "carla-genre"}), BytesIO() as picture:
        figure.savefig(picture, dpi=DPI)
        # So few colours that a palette has them all but for shades: a third of the bytes.
        Image.open(picture).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            pages[0], optimize=True
        )
        figure.savefig(pages[1], dpi=DPI, metadata={"Date": None})  # dpi of what is a picture inside it
    return pages

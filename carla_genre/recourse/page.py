"""A page of recommendations: each person's options in words and bars, the whole group on top, and who has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median_high, median_low
from typing import Any

import jinja2

from carla_genre.recourse.found import ACCEPTED, ANSWERED, Found
from carla_genre.recourse.words import OptionInWords, people_of, summary_of


def page_of(found: Found, title: str = "Recourse") -> str:
    """The page as one text of HTML: nothing is loaded from elsewhere, every cell is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("carla_genre.recourse"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    people = people_of(found)
    first = [one.options[0] for one in people if one.options]
    reasons = Counter(one.status for one in people if one.status not in (ANSWERED, ACCEPTED))
    return environment.get_template("recommendations.html").render(
        title=title,
        people=people,
        answered=sum(one.status == ANSWERED for one in people),
        accepted=sum(one.status == ACCEPTED for one in people),
        without=sum(reasons.values()),
        reasons=reasons.most_common(),
        summary=summary_of(found),
        first=first,
        middle=_middle(first),
        ANSWERED=ANSWERED,
        ACCEPTED=ACCEPTED,
    )


def _middle(options: Sequence[OptionInWords]) -> dict[str, Any]:
    """The median cost, number of changes and likelihood to hold of options; empty where there is none."""
    if not options:
        return {}
    return {
        "cost": median_high(one.cost for one in options),
        "changes": median_high(len(one.changes) for one in options),
        "valid": median_low(one.valid for one in options),
    }

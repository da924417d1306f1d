"""Answers in words, and how often features change."""

from __future__ import annotations

from typing import Any

import numpy as np

from carla_genre.recourse.recommendations import Recommendations
from carla_genre.recourse.words import Person, people_of

# In the scaled space: below it, a difference is the rounding of scaling back and forth.
SMALLEST_CHANGE = 1e-6
SHOWN = 3


def change_frequencies(moved: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    """Share of the answers in which each feature changes.

    ``moved`` (B, D) is how much each feature changes in the scaled space, NaN for failures; ``names`` are the D
    features.
    """
    answered = moved[~np.isnan(moved).any(axis=1)]
    shares = (answered > SMALLEST_CHANGE).mean(axis=0) if len(answered) else np.zeros(len(names))
    return {name: float(share) for name, share in zip(names, shares, strict=True)}


def first_people(found: Recommendations) -> list[Person]:
    """Three who have an option, in words: first those whose best one is more likely than not to be valid and usual."""
    people = [person for person in people_of(found) if person.options]

    def doubtful(person: Person) -> bool:
        best = person.options[0]
        return not best.valid * best.inlier > 0.5

    return sorted(people, key=doubtful)[:SHOWN]


def describe(person: Person) -> str:
    """A person's best option in lines of text, with h before and after."""
    best = person.options[0]
    width = max(len(change.feature) for change in best.changes)
    lines = [f"person {person.label}: h says {person.h:.2f} -> {best.h:.2f}, likely to hold {best.valid:.0%}"]
    lines += [f"  {change.feature:<{width}}  {change.before} -> {change.after}" for change in best.changes]
    return "\n".join(lines)


def record_of(person: Person) -> dict[str, Any]:
    """The same for a JSON."""
    best = person.options[0]
    return {
        "person": person.label,
        "changes": {change.feature: [change.before, change.after] for change in best.changes},
        "h before": person.h,
        "h after": best.h,
        "likely to hold": best.valid,
    }

"""The nearest right name, for messages about a wrong one."""

import difflib
from collections.abc import Iterable, Sequence


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that is most like ``name``, in whatever case; None where none is near."""
    lowered = {one.lower(): one for one in known}
    near = difflib.get_close_matches(str(name).strip().lower(), lowered, 1)
    return lowered[near[0]] if near else None


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """``" Did you mean 'x'?"``, a sentence to end a message that lists the known names; else nothing."""
    near = nearest(name, known)
    return "" if near is None else f" Did you mean {near!r}?"


def word_of(flag: bool, words: Sequence[str]) -> int | None:
    """Where the one word is that YAML reads as this flag: ``yes`` is true there; None where there is none, or two."""
    named = ("yes", "on", "true") if flag else ("no", "off", "false")
    found = [place for place, word in enumerate(words) if word.strip().lower() in named]
    return found[0] if len(found) == 1 else None


def suggestion(name: object, known: Iterable[str]) -> str:
    """``"did you mean 'x'?"``, or the list of all the known names where none is near."""
    known = list(known)
    near = nearest(name, known)
    return f"there are {known}" if near is None else f"did you mean {near!r}?"

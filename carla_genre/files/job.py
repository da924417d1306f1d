"""A job: who is asked what about which people, the work on one chunk of them, and what identifies a job."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from carla_genre.errors import InputError
from carla_genre.files.table import Chunk, FileTable
from carla_genre.files.writing import Writer
from carla_genre.io import whole_file, write_text, writing

log = logging.getLogger(__name__)

MANIFEST, DONE = "job.json", "done"
FOLDERS = ("options", "unanswered")
SHOWN = 5  # people whom a reason names


class Recommends(Protocol):
    """A :class:`carla_genre.Recourse`."""

    def recommend(self, people: Any, n: int, *, constraints: Any, diverse: bool) -> Any:
        """Options for people."""


class Counts(NamedTuple):
    """People who have options, who are accepted already, and who have neither."""

    answered: int
    accepted: int
    unanswered: int


class Answered(NamedTuple):
    """What came of people of files.

    Attributes
    ----------
    counts : Counts
    reasons : dict
        Reason -> the number of people, and the labels of the first five.
    """

    counts: Counts
    reasons: dict[str, tuple[int, list[str]]]

    @classmethod
    def of(cls, found: Any) -> Answered:
        """Of one :class:`carla_genre.recourse.Recommendations`."""
        own = int((found.figures["changes"] == 0).sum())
        none = found.unanswered
        reasons = {
            reason: (len(whose), [str(one) for one in whose.head(SHOWN)])
            for reason, whose in none.groupby("reason", sort=False)["person"]
        }
        return cls(Counts(len(found.people) - own - len(none), own, len(none)), reasons)

    @classmethod
    def together(cls, parts: Iterable[Answered]) -> Answered:
        """Of all parts."""
        counts, number, first = [Counts(0, 0, 0)], Counter[str](), dict[str, list[str]]()
        for part in parts:
            counts.append(part.counts)
            for reason, (n, whose) in part.reasons.items():
                number[reason] += n
                first[reason] = [*first.get(reason, []), *whose][:SHOWN]
        total = Counts(*(sum(column) for column in zip(*counts, strict=True)))
        return cls(total, {reason: (n, first[reason]) for reason, n in number.items()})


@dataclass(frozen=True)
class Job:
    """Who is asked what about which people.

    Attributes
    ----------
    recourse : Recommends
    people : FileTable
    n, constraints, diverse
        As :meth:`carla_genre.Recourse.recommend` takes them.
    folder : str
        Of the parts, this job's own.
    as_csv : bool
        Whether the parts are CSV, else they are Parquet.
    """

    recourse: Recommends
    people: FileTable
    n: int
    constraints: tuple[Any, ...]
    diverse: bool
    folder: str
    as_csv: bool

    def part(self, folder: str, chunk: Chunk) -> Path:
        """A chunk's file in ``options`` or ``unanswered``."""
        return Path(self.folder, folder, f"part-{chunk.number:06d}.{'csv' if self.as_csv else 'parquet'}")

    def _record(self, chunk: Chunk) -> Path:
        return Path(self.folder, DONE, f"part-{chunk.number:06d}.json")

    def claim(self, identity: Mapping[str, Any]) -> None:
        """Make the folder that of this job, or raise InputError where it is another's."""
        folder, mine = Path(self.folder), self._manifest(identity)
        path = folder / MANIFEST
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise InputError(f"{path} is damaged, give another folder: {error}") from error
            differs = [name for name in mine if not isinstance(found, dict) or found.get(name) != mine[name]]
            if differs:
                raise InputError(
                    f"{folder} holds the answers of another job, which had another {', '.join(differs)}: remove it, or "
                    "give another name"
                )
        elif any(folder.glob("*")):
            raise InputError(f"{folder} is not empty and has no {MANIFEST}: give a folder of its own")
        else:
            write_text(path, json.dumps(mine, indent=2) + "\n")
        for name in (*FOLDERS, DONE):
            Path(folder, name).mkdir(exist_ok=True)

    def _manifest(self, identity: Mapping[str, Any]) -> dict[str, Any]:
        return {**identity, "people": list(self.people.files), "index": list(self.people.index)}

    def answer(self, chunk: Chunk) -> None:
        """Answer a chunk; it is done when its record is there, which is written last."""
        frame, own = self.people.read(chunk)
        found = self.recourse.recommend(frame, self.n, constraints=self.constraints, diverse=self.diverse)
        writer = Writer(self.people)
        with writing(self.folder):
            for folder, written in zip(
                FOLDERS, (writer.options(found, own), writer.unanswered(found, own)), strict=True
            ):
                with whole_file(self.part(folder, chunk)) as path:
                    written.write(path, self.as_csv, header=False)
        counts, reasons = Answered.of(found)
        record = {"counts": counts, "reasons": reasons, "digests": self._digests(chunk)}
        write_text(self._record(chunk), json.dumps(record) + "\n")

    def done(self, chunk: Chunk) -> Answered | None:
        """What came of a chunk; None where it is not answered, or a part has been damaged since."""
        path = self._record(chunk)
        if not path.exists():
            return None
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            counts = Counts(*(int(number) for number in record["counts"]))
            reasons = {str(reason): (int(n), list(whose)) for reason, (n, whose) in record["reasons"].items()}
            whole = record["digests"] == self._digests(chunk) and sum(counts) == chunk.rows
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            whole, reason = False, str(error)
        else:
            reason = "its files are not what was written"
        if whole:
            return Answered(counts, reasons)
        log.warning("part %d is answered again: %s", chunk.number, reason)
        return None

    def _digests(self, chunk: Chunk) -> list[str]:
        return [hashlib.sha256(self.part(folder, chunk).read_bytes()).hexdigest() for folder in FOLDERS]

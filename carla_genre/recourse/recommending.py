"""From people to options: who can be read, who is refused, and rows that the classifier has accepted as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from carla_genre.constraints import Allowed, Constraint, Freeze, Limits, OneWay, Range
from carla_genre.errors import InputError
from carla_genre.generator.constraints import Bounds
from carla_genre.methods.genre.method import GenRe
from carla_genre.recourse.asking import Asked, ask, draw, weighted_selector
from carla_genre.recourse.codec import TableCodec
from carla_genre.recourse.columns import LevelColumn
from carla_genre.recourse.decision import Decision
from carla_genre.recourse.found import ACCEPTED, ANSWERED, beside
from carla_genre.recourse.reasons import Question, ask_people, reasons_of
from carla_genre.recourse.recommendations import Recommendations
from carla_genre.selection.selector import REFINED

# What a mask can say, person by person; other constraints are asked in groups of people who share them.
MASKS = (Allowed, Freeze, OneWay, Range)
# Factuals (n, D) and answers (n, D), encoded -> what the changes cost (n,).
Cost = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Options(NamedTuple):
    """Options that the classifier accepts, each with the place of its person, in the order of people and rank.

    ``rows`` (M, any) are the rows to send; ``figures`` (M, ...) say how good each is.
    """

    person: np.ndarray
    rows: pd.DataFrame
    figures: pd.DataFrame


@dataclass(frozen=True)
class Recommender:
    """What a question needs: the trained method, the table's columns and the classifier.

    Attributes
    ----------
    genre : GenRe
    codec : TableCodec
    decision : Decision
    accepted : ndarray (A, D)
        The table's rows that the classifier accepts, encoded.
    """

    genre: GenRe
    codec: TableCodec
    decision: Decision
    accepted: np.ndarray

    def limits(self, raw: pd.DataFrame, values: np.ndarray, constraints: Sequence[Constraint]) -> Limits:
        """What answers to people may be; ``raw`` (B, any) and ``values`` (B, D) are the same rows."""
        low, high = self.genre.schema.bounds(values)
        limits = Limits(self.codec.variables(), raw, values, Bounds(low, high, {}))
        for position, column in enumerate(self.codec.columns.values()):
            if isinstance(column, LevelColumn) and column.gap is not None:  # nobody is told to enter a gap
                limits.allow_levels(position, np.arange(len(column.levels)) != column.gap)
        limits.narrowed[:] = False
        for constraint in constraints:
            constraint.narrow(limits)
        return limits

    def recommend(
        self,
        people: pd.DataFrame,
        n: int,
        constraints: Sequence[Constraint],
        by_person: Sequence[tuple[Constraint, ...]],
        diverse: bool,
    ) -> Recommendations:
        """Up to n options for each of B people; see :meth:`carla_genre.Recourse.recommend`."""
        values, reasons = self.codec.encode(people)
        readable = np.flatnonzero(reasons == "")
        said = np.full(len(people), np.nan)
        dtypes = {name: column.dtype for name, column in self.codec.columns.items()}
        everybody, people = people, self.codec.typed(people, reasons == "")
        rows, one = self._asked(people.iloc[readable]), values[readable[:1]]
        control = partial(self.codec.merge, rows.head(1), one, self.accepted[:1])
        said[readable], reasons[readable] = ask_people(self.decision, rows, dtypes, control)
        accepted = np.zeros(len(people), bool)
        accepted[readable] = self.decision.around_one_half(said[readable]) > 0.5
        reasons[accepted] = ACCEPTED
        counts = pd.DataFrame(0, people.index, ["drawn", "allowed", "accepted"])
        parts = list[Options]()
        for places, own in self._groups(np.flatnonzero(reasons == ""), by_person):
            held = (*constraints, *own)
            limits = self.limits(people.iloc[places], values[places], held)
            if not own:
                self._narrow_each(limits, [by_person[place] for place in places])
            asked = ask(self.genre, self.codec, limits, REFINED if n == 1 else REFINED * n)
            counts.iloc[places] = np.stack([asked.drawn, asked.kept, asked.accepted], axis=1)
            cost = weighted_selector(self.genre, limits).objective.schema.cost
            options = self._verified(people.iloc[places], values[places], asked, n, diverse, cost)
            parts.append(options._replace(person=places[options.person]))
            nobody = np.setdiff1d(np.arange(len(places)), options.person)
            for further, which in _alike([by_person[place] for place in places[nobody]]):
                members = nobody[which]
                alone = people.iloc[places[members]], values[places[members]]
                question = Question(self.genre, self.codec, *alone, self.accepted)
                why = reasons_of(
                    question, asked, members, (*constraints, *further), self.limits, self.decision
                )
                reasons[places[members]] = why
        reasons[np.concatenate([np.empty(0, int), *(part.person for part in parts)])] = ANSWERED
        levels = frozenset(n for n, column in self.codec.columns.items() if isinstance(column, LevelColumn))
        features = list(self.codec.names)
        return Recommendations.of(everybody, people, said, reasons, parts, counts, features, levels)

    def candidates(self, person: pd.DataFrame, constraints: Sequence[Constraint], n: int) -> pd.DataFrame:
        """What was drawn for one person, and the options; see :meth:`carla_genre.Recourse.candidates`."""
        values, reasons = self.codec.encode(person)
        if reasons[0]:
            raise InputError(f"the person cannot be read: {reasons[0]}")
        person = self.codec.typed(person, reasons == "")
        limits = self.limits(person, values, constraints)
        with self.genre._isolated():
            drawn = draw(self.genre, self.codec, limits)[0]
        kept = limits.allow(drawn[None])[0] & (drawn != values).any(axis=1)
        options = self.recommend(person, n, constraints, [()], False)
        chosen, _ = self.codec.encode(options.rows if options.status.iloc[0] == ANSWERED else person.head(0))
        rows = np.concatenate([drawn, chosen])
        own = person.iloc[np.zeros(len(rows), int)]
        table = self.codec.merge(own, np.repeat(values, len(rows), axis=0), rows)[list(self.codec.names)]
        said = self.decision.ask(table)
        accepted = self.decision.around_one_half(said) > 0.5
        state = np.where(accepted, "accepted", "refused by the classifier").astype(object)
        state[: len(drawn)][~kept] = "refused by a constraint"
        state[len(drawn) :] = "chosen"
        objective = weighted_selector(self.genre, limits).objective
        figures = pd.DataFrame(
            {
                "h": said,
                "cost": objective.schema.cost(values, rows),
                "valid": objective.validity(rows),
                "inlier": objective.inlier(rows),
                "changes": (rows != values).sum(axis=1),
                "state": state,
            }
        )
        return beside(table.reset_index(drop=True), figures)

    def _asked(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The features, and what the classifier was trained on besides where it is there and of the same dtype."""
        further, names = self.decision.beside.dtypes.to_dict(), rows.columns.tolist()
        own = [name for name in further if names.count(name) == 1 and rows[name].dtype == further[name]]
        return rows[[*self.codec.names, *own]]

    def _groups(
        self, places: np.ndarray, by_person: Sequence[tuple[Constraint, ...]]
    ) -> list[tuple[np.ndarray, tuple[Constraint, ...]]]:
        """People who are asked about together, with the further constraints that they share."""
        each = [by_person[place] for place in places]
        shared = [() if all(isinstance(one, MASKS) for one in own) else own for own in each]
        return [(places[which], own) for own, which in _alike(shared)]

    def _narrow_each(self, limits: Limits, each: Sequence[tuple[Constraint, ...]]) -> None:
        """Narrow each person's bounds by their own constraints."""
        for own, members in _alike(each):
            if not own:
                continue
            part = limits.people(members)
            for constraint in own:
                constraint.narrow(part)
            limits.take(members, part)

    def _verified(
        self, people: pd.DataFrame, values: np.ndarray, asked: Asked, n: int, diverse: bool, cost: Cost
    ) -> Options:
        """The options whose very rows the classifier accepts, at most n a person, no two alike."""
        found = asked.options
        person, rank = np.nonzero(np.isfinite(found.score))
        answers = found.answers[person, rank]
        rows = self.codec.merge(people.iloc[person], values[person], answers)
        said = self.decision.ask(self._asked(rows))
        h = self.decision.around_one_half(said)
        chosen = list[int]()
        accepted = np.flatnonzero(h > 0.5)  # in the order of the people
        for own in np.split(accepted, np.flatnonzero(np.diff(person[accepted])) + 1):
            if not len(own):
                continue
            one = person[own[0]]
            own = own[np.sort(np.unique(answers[own], axis=0, return_index=True)[1])]
            own = own[np.argsort(-found.score[person[own], rank[own]], kind="stable")]
            picked = (
                _different(values[one], answers[own], found.score[one, rank[own]], n) if diverse else range(n)
            )
            chosen += [own[place] for place in picked if place < len(own)]
        kept = np.array(chosen, dtype=int)
        at = person[kept], rank[kept]
        figures = pd.DataFrame(
            {
                "h": said[kept],
                "cost": cost(values[person[kept]], answers[kept]),
                "valid": found.validity[at],
                "inlier": found.inlier[at],
                "changes": (answers[kept] != values[person[kept]]).sum(axis=1),
            }
        )
        return Options(person[kept], rows.iloc[kept], figures)


def _alike(each: Sequence[tuple[Constraint, ...]]) -> list[tuple[tuple[Constraint, ...], np.ndarray]]:
    """Constraints that some people have of their own, and the places of these people."""
    together: dict[tuple[Constraint, ...], list[int]] = defaultdict(list)
    for place, own in enumerate(each):
        together[own].append(place)
    return [(own, np.array(members)) for own, members in together.items()]


def _different(values: np.ndarray, answers: np.ndarray, score: np.ndarray, n: int) -> list[int]:
    """N of the answers (K, D), good and unlike each other: maximal marginal relevance (Carbonell, Goldstein 1998).

    Two answers are as far apart as the share of features, of those that either changes, in which they differ.
    """
    changed = answers != values
    either = (changed[:, None] | changed[None]).sum(axis=-1)
    apart = (answers[:, None] != answers[None]).sum(axis=-1) / np.maximum(either, 1)
    picked = [0] if len(answers) else []
    while len(picked) < min(n, len(answers)):
        gain = score + apart[:, picked].min(axis=1)
        gain[picked] = -np.inf
        picked.append(int(gain.argmax()))
    return sorted(picked, key=lambda place: -score[place])

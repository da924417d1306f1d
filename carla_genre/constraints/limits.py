"""Constraints of B people as arrays: bounds, allowed levels, and rules that no bound can say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype

from carla_genre.errors import InputError
from carla_genre.frames import doubles, is_gap, next_number
from carla_genre.generator.constraints import Bounds
from carla_genre.suggestions import suggestion, word_of

# How many of its last bits a number may lose when it is encoded and decoded.
MOST_BITS = 8
# Encoded factuals (n, D) and encoded rows (n, D) -> which rows are allowed, bool (n,).
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Variables:
    """The D features, as constraints speak of them.

    Attributes
    ----------
    names : tuple of str
    levels : tuple of (tuple or None)
        The levels of a categorical as the table spells them, in the order of their numbers; None for a number.
    orders : tuple of (tuple or None)
        The same from the lowest to the highest where the table's dtype has an order, else None.
    gaps : tuple of (float or None)
        What a missing number is encoded as, where the table misses any.
    encode : callable
        A number feature's position and its values in original units -> the encoded values; it keeps their order.
    decode : callable
        Encoded rows (n, D) -> the rows in original units, a DataFrame.
    spans : tuple of ((float, float) or None)
        The least and the greatest number that an answer may have, in original units; None for levels. Empty where no
        range is asked for.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[object, ...] | None, ...]
    orders: tuple[tuple[object, ...] | None, ...]
    gaps: tuple[float | None, ...]
    encode: Callable[[int, np.ndarray], np.ndarray]
    decode: Callable[[np.ndarray], pd.DataFrame]
    spans: tuple[tuple[float, float] | None, ...] = ()

    def position(self, name: str, constraint: object) -> int:
        """Where a feature stands; an unknown one is an error that names the constraint."""
        if name not in self.names:
            raise InputError(f"{constraint}: there is no feature {name!r}, {suggestion(name, self.names)}")
        return self.names.index(name)

    def number(self, name: str, constraint: object) -> int:
        """Where a number stands; a feature of levels is an error."""
        position = self.position(name, constraint)
        levels = self.levels[position]
        if levels is not None:
            raise InputError(f"{constraint}: {name!r} has levels, {list(levels[:5])}, and is no number")
        return position

    def code(self, name: str, level: object, constraint: object) -> int:
        """The number of a level; a level that is not there, or a number feature, is an error."""
        levels = self.levels[self.position(name, constraint)]
        if levels is None:
            raise InputError(f"{constraint}: {name!r} is a number and has no levels: take Range or OneWay")
        gap = is_gap(level)
        for place, own in enumerate(levels):  # NA is equal to nothing, and says so by an error
            if gap == is_gap(own) and (gap or own == level):
                return place
        spelled = [str(one).strip() for one in levels]
        if isinstance(level, str) and spelled.count(level.strip()) == 1:
            return spelled.index(level.strip())
        word = word_of(level, spelled) if isinstance(level, bool) else None
        if word is not None:
            return word
        raise InputError(f"{constraint}: {name!r} has no level {level!r}, {suggestion(level, spelled)}")

    def ranks(self, name: str, stated: Sequence[object] | None, constraint: object) -> np.ndarray:
        """The place of each level (L,) in the stated order, else in the dtype's own; NaN for a level outside of it.

        Raises
        ------
        InputError
            A level is not there or is named twice, the dtype has another order, or there is none.
        """
        position = self.position(name, constraint)
        levels, own = self.levels[position] or (), self.orders[position]
        order = own if stated is None else stated
        if order is None:
            raise InputError(
                f"{constraint}: {name!r} has levels, say their order: order={list(levels[:3])}, from the lowest "
                "to the highest; or make it an ordered pandas Categorical"
            )
        codes = [self.code(name, level, constraint) for level in order]
        if len(set(codes)) < len(codes):
            raise InputError(f"{constraint}: order= names a level of {name!r} twice")
        if own is not None:
            known = [own.index(levels[code]) for code in codes if not is_gap(levels[code])]
            if known != sorted(known):
                raise InputError(f"{constraint}: order= contradicts the order that {name!r} has, {list(own)}")
        ranks = np.full(len(levels), np.nan)
        ranks[codes] = np.arange(len(codes))
        return ranks


@dataclass
class Limits:
    """The constraints of B people; each constraint makes them narrower.

    Attributes
    ----------
    variables : Variables
    raw : DataFrame (B, any)
        The people in original units.
    values : ndarray (B, D)
        The same, encoded.
    bounds : Bounds
    weights : ndarray (D,)
        What a unit of cost of each feature counts.
    rules : list of (str, Rule)
        What no bound can say, each with its constraint's words.
    most_changes : int or None
        How many features an answer may change.
    narrowed : ndarray (B,), bool
        Whose features a constraint has frozen or bounded that could move before.
    """

    variables: Variables
    raw: pd.DataFrame
    values: np.ndarray
    bounds: Bounds
    weights: np.ndarray = field(default_factory=lambda: np.empty(0))
    rules: list[tuple[str, Rule]] = field(default_factory=list)
    most_changes: int | None = None
    narrowed: np.ndarray = field(default_factory=lambda: np.empty(0, bool))

    def __post_init__(self) -> None:
        self.weights = np.ones(len(self.variables.names))
        self.narrowed = np.zeros(len(self.values), bool)

    def people(self, which: slice | np.ndarray) -> Limits:
        """Those of some people."""
        part = Limits(self.variables, self.raw.iloc[which], self.values[which], self.bounds.rows(which))
        part.weights, part.rules, part.most_changes = self.weights, self.rules, self.most_changes
        part.narrowed = self.narrowed[which].copy()
        return part

    def take(self, which: np.ndarray, part: Limits) -> None:
        """The bounds of some people, that :meth:`people` gave, as these are now."""
        self.bounds.lower[which], self.bounds.upper[which] = part.bounds.lower, part.bounds.upper
        levels = dict(self.bounds.levels)
        for position, mask in part.bounds.levels.items():
            everyone = levels.setdefault(position, np.ones((len(self.values), mask.shape[1]), bool))
            everyone[which] = mask
        self.bounds = self.bounds._replace(levels=levels)
        self.narrowed[which] = part.narrowed

    def freeze(self, positions: Sequence[int]) -> None:
        """Leave features as they are."""
        self._note_narrower(positions)
        self.bounds.lower[:, positions] = self.bounds.upper[:, positions] = self.values[:, positions]

    def narrow(self, position: int, low: np.ndarray | float, high: np.ndarray | float) -> None:
        """Allow a number what is inside (low, high), encoded, as well as what was allowed before."""
        lower, upper = self.bounds.lower[:, position], self.bounds.upper[:, position]
        narrower = np.maximum(lower, low), np.minimum(upper, high)
        nothing = narrower[0] > narrower[1]  # then it can only stay
        self._note_narrower([position])
        lower[:] = np.where(nothing, self.values[:, position], narrower[0])
        upper[:] = np.where(nothing, self.values[:, position], narrower[1])

    def encoded_end(self, position: int, ends: np.ndarray, inwards: float) -> np.ndarray:
        """Ends (B,) of a number's range, encoded; what is decoded from one lies inside. ``inwards`` is infinite."""
        encode = self.variables.encode
        encoded, finite = encode(position, ends), np.isfinite(ends)
        distinct, places = np.unique(ends[finite], return_inverse=True)
        rows, nearer = np.repeat(self.values[:1], len(distinct), axis=0), distinct
        for _ in range(MOST_BITS if len(distinct) else 0):
            rows[:, position] = encode(position, nearer)
            cells = self.variables.decode(rows).iloc[:, position]
            decoded = doubles(cells)
            outside = (decoded < distinct) if inwards > 0 else (decoded > distinct)
            if not outside.any():
                break
            nearer = np.where(outside, next_number(nearer, inwards, cells.dtype), nearer)
        encoded[finite] = rows[places.ravel(), position]
        return encoded

    def allow_levels(self, position: int, mask: np.ndarray) -> None:
        """Allow a categorical the levels of a mask (L,) or (B, L) that were allowed before."""
        before = self.bounds.levels.get(position)
        shape = len(self.values), mask.shape[-1]
        allowed = np.broadcast_to(mask, shape).copy() if before is None else before & mask
        self.bounds.levels[position] = allowed  # type: ignore[index]
        self._note_narrower([position])

    def _note_narrower(self, positions: Sequence[int]) -> None:
        self.narrowed |= (self.bounds.lower[:, positions] < self.bounds.upper[:, positions]).any(axis=1)

    def allow(self, rows: np.ndarray) -> np.ndarray:
        """Whether rows (B, N, D) keep every constraint: bool (B, N)."""
        each = np.repeat(self.values, rows.shape[1], axis=0)
        kept = self.keep_rules(each, rows.reshape(-1, rows.shape[-1])).reshape(rows.shape[:2])
        allowed: np.ndarray = self.bounds.allow(self.values, rows) & kept
        return allowed

    def decoded(self, values: np.ndarray, rows: np.ndarray) -> pd.DataFrame:
        """Rows (n, D) in original units, (n, D), as answers to some of these people, encoded ``values`` (n, D).

        A number that stays is the person's own; encoding may have lost its last bit.
        """
        decoded = self.variables.decode(rows)
        for position, name in enumerate(self.variables.names):
            if self.variables.levels[position] is not None or not is_float_dtype(decoded[name].dtype):
                continue
            known, first = np.unique(self.values[:, position], return_index=True)
            own = self.raw[name].to_numpy(dtype=float, na_value=np.nan)[first]
            cells = decoded[name].to_numpy(dtype=float, na_value=np.nan)
            own = own[np.searchsorted(known, values[:, position])]
            stays = (rows[:, position] == values[:, position]) & ~np.isnan(own)
            if (cells[stays] != own[stays]).any():
                decoded[name] = pd.Series(np.where(stays, own, cells)).astype(decoded[name].dtype)
        return decoded

    def keep_rules(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Whether rows (n, D) keep what no bound can say, as answers to factuals (n, D): bool (n,)."""
        kept = np.ones(len(rows), bool)
        if self.most_changes is not None:
            kept &= (rows != values).sum(axis=1) <= self.most_changes
        for _, rule in self.rules:
            kept[kept] = rule(values[kept], rows[kept])
        return kept

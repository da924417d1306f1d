"""What every constraint is."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from carla_genre.constraints.limits import Limits


class Constraint:
    """What answers must keep. A feature that is left as it is breaks only rules about several features.

    ``repr`` is how a user writes it; errors and reasons name a constraint by it.
    """

    def narrow(self, limits: Limits) -> None:
        """Make the limits of some people narrower by this constraint.

        Raises
        ------
        InputError
            It speaks of a feature or a level that the table does not have.
        """
        raise NotImplementedError


def is_double(value: Any) -> bool:
    """Whether a value is a number, no flag and no NaN, that a double can hold; infinity is one."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return not math.isnan(value)
    except OverflowError:
        return False

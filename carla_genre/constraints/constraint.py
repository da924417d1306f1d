"""What every constraint is."""

from __future__ import annotations

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

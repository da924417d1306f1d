"""The probability below which no answer is given."""

from __future__ import annotations

import numpy as np
import pytest

from carla_genre import InputError
from carla_genre.selection.conformal import least_probability


@pytest.mark.parametrize("risk", [0.05, 0.2])
def test_the_bound_of_a_stated_risk(risk: float) -> None:
    """Wrong answers above the bound are as rare as promised, and the bound is the least of such bounds."""
    random = np.random.default_rng(0)
    probability = random.random(1000)
    wrong = random.random(1000) > probability
    probability[::7], wrong[::7] = np.nan, False  # no answer
    least = least_probability(probability, wrong, risk)
    assert 0 < least < 1
    share = [((probability >= bound) & wrong).sum() + 1 for bound in (least, np.nextafter(least, 0))]
    assert share[0] / 1001 <= risk < share[1] / 1001
    assert least_probability(probability, np.zeros(1000, bool), risk) == 0
    with pytest.raises(InputError, match=r"risk 0\.0005 cannot be promised from 1000"):
        least_probability(probability, wrong, 0.0005)

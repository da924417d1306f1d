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
    doubt = np.where(wrong, 0.5, 0.0)  # half as likely to be wrong: twice as many may be given
    assert least_probability(probability, doubt, risk / 2 + 1 / 2002) == least
    with pytest.raises(InputError, match=r"risk 0\.0005 cannot be promised from 1000"):
        least_probability(probability, wrong, 0.0005)


def test_where_no_risk_can_be_promised_none_is_offered() -> None:
    with pytest.raises(InputError, match=r"risk 0\.1 .* from 3 .*: ask for 0\.25 or more, give more"):
        least_probability(np.full(3, 0.5), np.zeros(3, bool), 0.1)
    with pytest.raises(
        InputError, match=r"from 0 denied training rows .*: give more training rows, or leave"
    ):
        least_probability(np.empty(0), np.empty(0, bool), 0.9)

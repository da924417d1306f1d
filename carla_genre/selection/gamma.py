"""gamma for an h whose confidences are off."""

from __future__ import annotations

import numpy as np
from sklearn.isotonic import IsotonicRegression

from carla_genre.schema.training_rows import TrainingRows

# Fewer rows of label 1, or a smaller share of them, are too few to learn from.
ENOUGH, SHARE = 50, 0.1


def calibrated_gamma(rows: TrainingRows, gamma: float) -> float:
    """The h above which rows have label 1 with a probability of more than gamma, by isotonic regression.

    A calibration p(y = 1 | h) that does not fall with h makes of gamma another threshold on h itself. So h stays as it
    is, and with it the decision h > .5. Only the order of the rows by h counts: whatever keeps this order keeps the
    rows above the threshold.

    Parameters
    ----------
    rows : TrainingRows
        Labels, and h of each row.
    gamma : float
        In [0.5, 1).

    Returns
    -------
    float
        In [0.5, 1). Where it would leave too few rows of label 1 to learn from, .5: all that h accepts.
    """
    h, labels = rows.scores, rows.labels
    _, rank = np.unique(h, return_inverse=True)
    unsure = IsotonicRegression().fit_transform(rank, labels) <= gamma
    least = float(h[unsure].max(initial=0.5))
    desired = labels == 1
    enough = (h[desired] > least).sum() >= max(1, min(ENOUGH, SHARE * desired.sum()))
    return least if enough else 0.5

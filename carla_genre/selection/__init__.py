"""Which candidate is the answer: by expected Score, by h, or by cost.

Any method that has ``candidates`` can be given an :class:`ExpectedScoreSelector`.
"""

from carla_genre.selection.by_h import cheapest, most_valid
from carla_genre.selection.expected_score import ScoredAnswers
from carla_genre.selection.gamma import calibrated_gamma
from carla_genre.selection.selector import CandidateSource, ExpectedScoreSelector

__all__ = [
    "CandidateSource",
    "ExpectedScoreSelector",
    "ScoredAnswers",
    "calibrated_gamma",
    "cheapest",
    "most_valid",
]

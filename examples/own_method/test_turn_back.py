"""The method keeps what CARLA's Benchmark and its users rely on: a test for each part of it."""

from turn_back import TurnBack

from carla_genre import available_methods
from carla_genre.testing import parametrize_with_checks


@parametrize_with_checks([TurnBack])
def test_what_users_rely_on(method, check):
    check(method)


def test_it_is_known_by_name():
    assert available_methods()["TurnBack"].origin == "turn-back"

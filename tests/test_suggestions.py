"""A wrong name is answered with the nearest right one."""

import pytest

from carla_genre.suggestions import did_you_mean, suggestion, word_of

KNOWN = ("GenRe", "NNR", "Wachter")


@pytest.mark.parametrize(("wrong", "right"), [("genre", "GenRe"), ("NRN", "NNR"), (" wachter ", "Wachter")])
def test_the_nearest_name_in_whatever_case(wrong, right):
    assert suggestion(wrong, KNOWN) == f"did you mean {right!r}?"
    assert did_you_mean(wrong, KNOWN) == f" Did you mean {right!r}?"


@pytest.mark.parametrize("wrong", ["xyz", 3, None])
def test_where_none_is_near_all_are_told(wrong):
    assert suggestion(wrong, iter(KNOWN)) == "there are ['GenRe', 'NNR', 'Wachter']"
    assert did_you_mean(wrong, KNOWN) == ""


@pytest.mark.parametrize(
    ("flag", "words", "place"),
    [(True, ["no", " Yes"], 1), (False, ["no", "yes"], 0), (True, ["yes", "on"], None), (False, ["1"], None)],
)
def test_the_word_that_yaml_reads_as_a_flag(flag, words, place):
    assert word_of(flag, words) == place

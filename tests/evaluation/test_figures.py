"""The table of figures against what the measures return, and against the page that shows it."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest

import carla_genre.evaluation as evaluation
from carla_genre.evaluation import FIGURES, Measure, PlausibilityTests, run_measures
from carla_genre.evaluation.score import Judge

MEASURES = sorted(
    (value for value in vars(evaluation).values() if isinstance(value, type) and issubclass(value, Measure)),
    key=lambda measure: measure.__name__,
)
MEASURES.remove(Measure)


@pytest.fixture(scope="module")
def judge(schema, frame):
    return Judge.fit(schema, frame, frame["y"])


@pytest.fixture
def build(approver, judge, schema, frame):
    """A measure with what it needs."""
    tests = PlausibilityTests.fit(schema, judge.gold, frame.head(200), frame.tail(100))
    needs = {
        "Plausibility": {"tests": tests},
        "NeighbourDistance": {"tests": tests},
        "Score": {"judge": judge},
        "LOF": {"inlier_test": judge.inlier_test},
        "FutureValidity": {"classifiers": [approver]},
        "Privacy": {"train": frame, "held_out": frame.tail(30) * 0.9},
        "Diversity": {"candidates": schema.encode(frame.head(30)).reshape(6, 5, 4)},
    }
    return lambda measure: measure(approver, needs.get(measure.__name__))


@pytest.fixture
def answers(frame, schema, factuals):
    """Other people, accepted and denied ones, one of whom was not found."""
    answers = frame.sample(6, random_state=3)[list(schema.columns)].set_axis(factuals.index)
    answers.iloc[4] = np.nan
    return answers


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
def test_what_a_measure_returns_is_in_the_table_and_in_its_range(measure, build, factuals, answers):
    shown = build(measure).get_evaluation(factuals=factuals, counterfactuals=answers)
    assert measure in {FIGURES[column].measure for column in shown}
    for column in shown:
        values = shown[column].dropna()
        assert len(values) > 0
        assert values.between(FIGURES[column].low, FIGURES[column].high).all(), column


@pytest.mark.parametrize(
    "measure",
    [measure for measure in MEASURES if measure.__name__ != "Diversity"],  # which looks at candidates
    ids=lambda measure: measure.__name__,
)
def test_a_failure_does_what_the_table_says(measure, build, factuals, answers):
    rows = build(measure).rows(factuals, answers)
    shown = build(measure).get_evaluation(factuals, answers)
    assert rows.index.equals(factuals.index)
    for column in rows:
        of_failure, figure = float(rows[column].iloc[4]), FIGURES[column]
        if figure.failures == "left out":
            assert np.isnan(of_failure) or (of_failure == 0 and "Violations" in column), column
        else:
            assert of_failure == (figure.low if figure.better == "higher" else figure.high), column
            assert shown[column].iloc[0] == pytest.approx(rows[column].astype(float).mean()), column


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
def test_the_docstring_says_definition_direction_range_and_failures(measure):
    text = inspect.getdoc(measure) or ""
    figures = [figure for figure in FIGURES.values() if figure.measure is measure]
    assert figures
    for figure in figures:
        assert figure.better in text.lower()
    assert "better" in text
    assert "from " in text
    assert "ailure" in text or "a person with fewer than two" in text.lower()


def test_every_figure_comes_from_a_measure_and_is_described_once():
    assert {figure.measure for figure in FIGURES.values()} == {*MEASURES, None}
    definitions = [figure.definition for figure in FIGURES.values() if figure.measure is not None]
    assert len(set(definitions)) == len(definitions)
    for figure in FIGURES.values():
        assert figure.low < figure.high


def test_ranges_are_written_as_intervals():
    assert [FIGURES[name].range for name in ("Score", "Cost", "LOF", "Log_Likelihood_Denied")] == [
        "(-inf, 2]",
        "[0, inf)",
        "[0, 1]",
        "(-inf, inf)",
    ]


def test_both_of_carla_s_benchmarks_take_the_measures(build, factuals, answers):
    measures = [build(measure) for measure in MEASURES if measure.__name__ != "Score"]

    class Release:
        """What a Benchmark of the release has: answers, and no way to name measures."""

        _factuals, _counterfactuals = factuals, answers

        def run_benchmark(self):
            raise AssertionError("its own measures were not asked for")

    class Head(Release):
        def run_benchmark(self, measures):
            found = [
                measure.get_evaluation(counterfactuals=answers, factuals=factuals) for measure in measures
            ]
            return pd.concat(found, axis=1)

    on_release = run_measures(Release(), measures)
    pd.testing.assert_frame_equal(on_release, run_measures(Head(), measures))
    assert set(on_release) < set(FIGURES)
    assert len(on_release) == 6

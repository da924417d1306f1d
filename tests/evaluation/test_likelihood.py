"""Densities of mixed rows against their definition, and against integrals."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from scipy.stats import laplace

from carla_genre.errors import InputError
from carla_genre.evaluation.likelihood import ClassDensities, Likelihood, MixedDensity


@pytest.fixture(scope="module")
def train(frame):
    return frame.head(80)


@pytest.fixture(scope="module")
def density(schema, train):
    return MixedDensity(schema).fit(train)


def by_hand(schema, train, rows):
    """Scott's bandwidths and Aitchison and Aitken's kernel, row by row."""
    known, asked = schema.encode(train), schema.encode(rows)
    n, numbers, levels = len(known), [0, 1], {2: 3, 3: 2}
    power = -1 / (len(numbers) + 4)
    total = np.zeros((len(asked), n))
    for j in numbers:
        bandwidth = known[:, j].std() * n**power
        total += laplace.logpdf(asked[:, None, j], known[None, :, j], bandwidth / np.sqrt(2))
    for j, count in levels.items():
        other = n ** (2 * power) * (count - 1) / count
        same = asked[:, None, j] == known[None, :, j]
        total += np.log(np.where(same, 1 - other, other / (count - 1)))
    return logsumexp(total, axis=1) - np.log(n)


def test_agrees_with_the_definition(schema, frame, train, density):
    np.testing.assert_allclose(density.log_likelihood(frame), by_hand(schema, train, frame), rtol=1e-9)


def test_far_rows_keep_their_digits(schema, frame, train, density):
    far = frame.head(5).assign(income=[3.0, -4.0, 8.0, 20.0, 50.0])
    expected = by_hand(schema, train, far)
    assert expected.min() < -300
    np.testing.assert_allclose(density.log_likelihood(far), expected, rtol=1e-9)


@pytest.mark.slow
def test_it_is_a_density_over_numbers_and_a_probability_over_levels(schema, density):
    steps = np.linspace(-0.8, 1.8, 201)
    income, age, job, sex = (
        axis.ravel() for axis in np.meshgrid(steps, steps, [0, 1, 2], [0, 1], indexing="ij")
    )
    rows = schema.decode(np.column_stack([income, age, job, sex]))
    mass = np.exp(density.log_likelihood(rows)).sum() * (steps[1] - steps[0]) ** 2
    assert mass == pytest.approx(1, abs=5e-3)


def test_more_rows_come_nearer_to_the_shares_of_the_levels(schema):
    random = np.random.default_rng(5)
    job = random.choice(3, 20_000, p=[0.7, 0.2, 0.1])
    values = np.column_stack([random.normal(0.5, 0.1, (20_000, 2)), job, random.integers(0, 2, 20_000)])
    centre = schema.decode(np.column_stack([np.full((3, 2), 0.5), [0, 1, 2], [1, 1, 1]]))
    errors = []
    for n in (100, 20_000):
        found = np.exp(MixedDensity(schema).fit(schema.decode(values[:n])).log_likelihood(centre))
        errors.append(np.abs(found / found.sum() - [0.7, 0.2, 0.1]).max())
    assert errors[1] < errors[0]
    assert errors[1] < 0.05


def test_a_level_between_levels_is_the_nearest_and_a_failure_has_none(schema, train, density):
    rows = train.head(3).copy()
    exact = density.log_likelihood(rows)
    rows.iloc[0, rows.columns.get_indexer(["job_clerk", "job_cook", "job_smith"])] = [0.1, 0.7, 0.2]
    rows.iloc[1, rows.columns.get_loc("sex_male")] += 0.3 if rows.iloc[1]["sex_male"] == 0 else -0.3
    rows.iloc[2, 0] = np.nan
    found = density.log_likelihood(rows)
    cook = train.head(1).assign(job_clerk=0.0, job_cook=1.0, job_smith=0.0)
    assert found[0] == density.log_likelihood(cook)[0]
    assert found[1] == exact[1]
    assert np.isnan(found).tolist() == [False, False, True]
    assert np.isnan(density.log_likelihood(rows.tail(1))).all()
    assert density.log_likelihood(rows.head(0)).shape == (0,)


def test_one_row_and_a_constant_feature_have_a_finite_density(schema, train):
    assert np.isfinite(MixedDensity(schema).fit(train.head(1)).log_likelihood(train)).all()
    constant = MixedDensity(schema).fit(train.assign(age=0.5)).log_likelihood(train.assign(age=0.5))
    assert np.isfinite(constant).all()
    with pytest.raises(InputError, match="at least one row"):
        MixedDensity(schema).fit(train.head(0))


def test_people_are_likelier_in_their_own_class(schema, frame, approver, factuals):
    densities = ClassDensities.fit(schema, frame, frame["y"])
    spread = schema.encode(frame).std(axis=0)
    alone = MixedDensity(schema, spread).fit(frame[frame["y"] == 1])
    np.testing.assert_array_equal(alone.log_likelihood(frame), densities.accepted.log_likelihood(frame))
    accepted = frame[frame["y"] == 1].head(60)
    denied = frame[frame["y"] == 0].head(60)
    for rows, sign in ((accepted, 1), (denied, -1)):
        evidence = densities.accepted.log_likelihood(rows) - densities.denied.log_likelihood(rows)
        assert (sign * evidence).mean() > 1
        assert (sign * evidence > 0).mean() > 0.9
    answers = accepted.head(6)[list(schema.columns)].set_axis(factuals.index)
    answers.iloc[2] = np.nan
    own = Likelihood(approver).rows(factuals, answers)  # fitted on the classifier's own rows and labels
    pd.testing.assert_frame_equal(Likelihood(approver, {"densities": densities}).rows(factuals, answers), own)
    assert own.index.equals(factuals.index)
    np.testing.assert_array_equal(
        own["Log_Likelihood_Denied"].to_numpy(), densities.denied.log_likelihood(answers)
    )
    assert len(Likelihood(approver).get_evaluation(factuals, answers)) == 5


@pytest.mark.parametrize("labels", [np.ones(80), np.zeros(80), np.ones(7)])
def test_two_classes_are_needed(schema, train, labels):
    with pytest.raises(InputError, match="two classes of 80 rows are needed"):
        ClassDensities.fit(schema, train, labels)

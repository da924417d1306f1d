import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from generator_cases import make_constraints, make_generator, make_rows

from carla_genre.errors import InputError
from carla_genre.generator import sampler as module
from carla_genre.generator.config import Architecture, SamplingConfig
from carla_genre.generator.sampler import sample, sample_in_batches

SAMPLING = SamplingConfig(temperature=1.0, n_samples=6)


def factuals(n: int = 12, seed: int = 9) -> torch.Tensor:
    return torch.from_numpy(make_rows(n, seed))


def test_batched_equals_single_and_order_does_not_matter(architecture: Architecture) -> None:
    generator, rows = make_generator(architecture), factuals()
    whole = sample(generator, rows, SAMPLING, 0)
    assert whole.shape == (12, 6, 4) and whole.dtype == torch.float64
    single = torch.cat([sample(generator, row[None], SAMPLING, 0) for row in rows])
    assert torch.equal(whole, single)
    assert torch.equal(sample(generator, rows.flip(0), SAMPLING, 0), whole.flip(0))


def test_many_candidates_come_in_batches_and_are_the_same(architecture: Architecture) -> None:
    generator, rows, many = make_generator(architecture), factuals(7), replace(SAMPLING, n_samples=20_000)
    batches = list(sample_in_batches(generator, rows, many, 0))
    assert len(batches) > 1 and [i for part, _ in batches for i in range(7)[part]] == list(range(7))
    single = torch.cat([sample(generator, row[None], many, 0) for row in rows])
    assert torch.equal(torch.cat([candidates for _, candidates in batches]), single)


def test_seed_decides_and_global_state_is_left_alone(architecture: Architecture) -> None:
    generator, rows = make_generator(architecture).train(), factuals()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = sample(generator, rows, SAMPLING, 0)
    assert torch.equal(first, sample(generator, rows, SAMPLING, 0))
    assert not torch.equal(first, sample(generator, rows, SAMPLING, 1))
    assert torch.equal(torch_state, torch.get_rng_state())
    assert (numpy_state == np.random.get_state()[1]).all()
    assert generator.training


def test_draws_follow_the_model(architecture: Architecture) -> None:
    """Frequencies of whole answers against R(x+|x), which the loss gives exactly."""
    constraints = make_constraints(immutable=np.array([True, False, False, False]))
    generator, row = make_generator(architecture, constraints, n_bins=3), factuals(1)
    n = 20000
    drawn = generator.answer_bins.index(sample(generator, row, replace(SAMPLING, n_samples=n), 0)[0])
    counts = Counter(tuple(answer) for answer in drawn[:, 1:].tolist())
    total = 0.0
    for places in itertools.product(range(3), range(3), range(2)):
        answer = generator.answer_bins.value(torch.tensor([[0, *places]]))
        answer[0, 0] = row[0, 0]
        probability = torch.exp(-generator.loss(row, answer)).item()
        total += probability
        assert counts[places] / n == pytest.approx(probability, abs=0.015)
    assert total == pytest.approx(1.0, abs=1e-4)


def test_a_high_temperature_takes_the_likeliest(architecture: Architecture) -> None:
    generator = make_generator(architecture)
    drawn = sample(generator, factuals(), replace(SAMPLING, temperature=1e6), 0)
    assert (drawn == drawn[:, :1]).all()


def test_immutables_are_given_bit_for_bit(architecture: Architecture) -> None:
    constraints = make_constraints(immutable=np.array([True, False, False, True]))
    rows = factuals()
    rows[:, 0] += 0.0123456789  # on no bin
    drawn = sample(make_generator(architecture, constraints), rows, SAMPLING, 0)
    assert (drawn[:, :, [0, 3]] == rows[:, None, [0, 3]]).all()
    assert not (drawn[:, :, 1] == rows[:, None, 1]).all()


@pytest.mark.parametrize("sigma", [0.0, 0.05])
def test_directions_and_ranges_hold_exactly(sigma: float) -> None:
    constraints = make_constraints(
        direction=np.array([1, 0, -1, 0]),
        lower=np.array([0.0, -np.inf, 0.2, -np.inf]),
        upper=np.array([0.8, np.inf, 1.0, np.inf]),
    )
    generator, rows = make_generator(constraints=constraints), factuals(40)
    rows[0, 0], rows[1, 2] = 0.95, 0.1  # outside the range: these two may only stay where they are
    drawn = sample(generator, rows, replace(SAMPLING, n_samples=30, sigma=sigma), 0)
    up, down = drawn[:, :, 0] - rows[:, None, 0], drawn[:, :, 2] - rows[:, None, 2]
    assert (up >= 0).all() and (down <= 0).all()
    changed = up != 0
    assert changed.any() and (drawn[:, :, 0][changed] <= 0.8).all()
    changed = down != 0
    assert changed.any() and (drawn[:, :, 2][changed] >= 0.2).all()
    assert (up[0] == 0).all() and (down[1] == 0).all()


@pytest.mark.parametrize("size", [1e30, 1e300])
def test_constraints_hold_beside_a_number_that_single_precision_cannot_square(
    architecture: Architecture, size: float
) -> None:
    constraints = make_constraints(
        immutable=np.array([True, False, False, False]), direction=np.array([0, 0, -1, 0])
    )
    generator, rows = make_generator(architecture, constraints), factuals(40)
    rows[:, 0] = size
    drawn = sample(generator, rows, replace(SAMPLING, n_samples=30), 0)
    assert (drawn[:, :, 0] == size).all()
    assert (drawn[:, :, 2] <= rows[:, None, 2]).all()


def test_without_noise_an_answer_is_the_factuals_value_or_a_representative() -> None:
    generator, rows = make_generator(), factuals(30)
    drawn = sample(generator, rows, SAMPLING, 0)
    for feature in range(4):
        known = torch.isin(drawn[:, :, feature], generator.answer_bins.representatives[feature])
        assert (known | (drawn[:, :, feature] == rows[:, None, feature])).all()


def test_a_feature_drawn_into_its_own_bin_keeps_its_value() -> None:
    generator, rows = make_generator(), factuals(30)
    drawn = sample(generator, rows, SAMPLING, 0)
    bins = generator.answer_bins
    inside = bins.holds(rows)[:, None, 2]
    same_bin = (bins.index(drawn)[:, :, 2] == bins.index(rows)[:, None, 2]) & inside
    assert same_bin.any()
    assert (drawn[:, :, 2] == rows[:, None, 2])[same_bin].all()


def test_sigma_moves_only_what_changes_and_only_numbers() -> None:
    generator, rows = make_generator(), factuals(30)
    plain = sample(generator, rows, SAMPLING, 0)
    noisy = sample(generator, rows, replace(SAMPLING, sigma=1e-3), 0)
    assert torch.equal(plain[:, :, [1, 3]], noisy[:, :, [1, 3]])
    moved = (plain != noisy)[:, :, [0, 2]]
    assert moved.any() and ((plain - noisy).abs() < 1e-2).all()
    unchanged = (plain == rows[:, None])[:, :, [0, 2]]
    assert not (moved & unchanged).any()


def test_out_of_memory_halves_the_batch_and_says_so_once_a_halving(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    generator, rows = make_generator(), torch.from_numpy(make_rows(30, 3))
    expected, draw = sample(generator, rows, SamplingConfig(), 0), module.draw

    def draw_few(
        generator: object, factuals: torch.Tensor, *arguments: object, **further: object
    ) -> torch.Tensor:
        if len(factuals) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return draw(generator, factuals, *arguments, **further)

    monkeypatch.setattr(module, "draw", draw_few)
    most = 7
    assert torch.equal(sample(generator, rows, SamplingConfig(), 0), expected)
    assert [record.args[0] for record in caplog.records] == [30, 15]
    most = 0
    with pytest.raises(InputError, match="n_samples"):
        sample(generator, rows, SamplingConfig(), 0)


def test_no_factuals_give_no_candidates() -> None:
    assert sample(make_generator(), factuals(0), SAMPLING, 0).shape == (0, 6, 4)

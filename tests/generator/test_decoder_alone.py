"""The decoder without a factual's side: the unconditional density P(x+) of section 5.4."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from generator_cases import SUMMARY, make_constraints, make_generator, make_rows

from carla_genre.generator.config import SamplingConfig
from carla_genre.generator.sampler import sample

ALONE = replace(SUMMARY, kind="decoder")


def rows(seed: int, n: int = 5) -> torch.Tensor:
    return torch.from_numpy(make_rows(n, seed))


def test_it_reads_no_factual() -> None:
    generator = make_generator(ALONE)
    assert torch.equal(generator.logits(rows(1), rows(3)), generator.logits(rows(2), rows(3)))
    assert not [name for name, _ in generator.named_parameters() if "factual" in name]


def test_position_j_sees_the_features_before_it_and_no_others() -> None:
    generator, answer = make_generator(ALONE), rows(8)
    before = generator.logits(answer, answer)
    for feature in range(4):
        changed = answer.clone()
        changed[:, feature] = 1 - changed[:, feature].round()
        after = generator.logits(answer, changed)
        torch.testing.assert_close(after[:, : feature + 1], before[:, : feature + 1])
        for later in range(feature + 1, 4):
            exists = generator.answer_bins.exists[later]
            assert not torch.allclose(after[:, later, exists], before[:, later, exists])


def test_draws_follow_the_model_given_the_first_feature() -> None:
    constraints = make_constraints(immutable=np.array([True, False, False, False]))
    generator, row, n = make_generator(ALONE, constraints, n_bins=3), rows(9, 1), 20000
    drawn = generator.answer_bins.index(
        sample(generator, row, SamplingConfig(temperature=1.0, n_samples=n), 0)[0]
    )
    counts = Counter(tuple(answer) for answer in drawn[:, 1:].tolist())
    for places in itertools.product(range(3), range(3), range(2)):
        answer = generator.answer_bins.value(torch.tensor([[0, *places]]))
        answer[0, 0] = row[0, 0]
        probability = torch.exp(-generator.loss(row, answer)).item()
        assert counts[places] / n == pytest.approx(probability, abs=0.015)

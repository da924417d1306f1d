"""Exact conditional targets: equal to counting, the same gradient in the mean, and no worse a fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from generator_cases import SUMMARY, TRAINING, make_constraints, make_generator, make_pairs

from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.examples import Examples, conditional_labels

DRAWS = 200
GIVEN = torch.tensor([False, False, True, False])


def bins_and_weights(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Seven factuals with nine near targets over three bins, their Q, and a target drawn of each."""
    random = torch.Generator().manual_seed(seed)
    near = torch.randint(0, 3, (7, 9, 4), generator=random)
    weights = torch.rand(7, 9, generator=random)
    weights[:, -2:] = 0  # as where there are fewer targets
    place = torch.randint(0, 7, (7, 1, 1), generator=random)
    answer = near.gather(1, place.expand(-1, 1, 4)).squeeze(1)
    return near, weights / weights.sum(1, keepdim=True), answer


def test_labels_are_what_counting_gives() -> None:
    near, weights, answer = bins_and_weights()
    labels = conditional_labels(near, weights, answer, GIVEN, 3)
    for row in range(len(near)):
        agreeing = np.ones(9, dtype=bool)
        for feature in np.flatnonzero(~GIVEN.numpy()):
            of_feature, q = near[row, :, feature].numpy(), weights[row].numpy()
            expected = [q[agreeing & (of_feature == k)].sum() / q[agreeing].sum() for k in range(3)]
            assert labels[row, feature].tolist() == pytest.approx(expected, abs=1e-6)
            agreeing &= of_feature == answer[row, feature].item()


def test_labels_are_distributions_that_allow_the_answer() -> None:
    near, weights, answer = bins_and_weights(1)
    labels = conditional_labels(near, weights, answer, GIVEN, 3)
    torch.testing.assert_close(labels.sum(-1), torch.ones(7, 4))
    own = labels.gather(2, answer.unsqueeze(-1)).squeeze(-1)
    assert (own[:, ~GIVEN] > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("soft", [False, True])
def test_gradient_is_the_mean_of_draws(soft: bool) -> None:
    """Rao-Blackwell: over many draws both losses have the same gradient, and the exact one moves less."""
    constraints = make_constraints(immutable=np.array([False, False, False, True]))
    training = replace(TRAINING, soft_labels=soft)
    gradients = {}
    for conditional in (True, False):
        config = replace(training, conditional=conditional)
        generator, pairs = make_generator(SUMMARY, constraints, config), make_pairs(constraints)
        # on a grid, so that a kernel around the value is one around its bin
        values = generator.answer_bins.value(generator.answer_bins.index(torch.from_numpy(pairs.targets)))
        examples = Examples(generator, replace(pairs, targets=values.numpy()), config)
        weight, random = generator.transformer.head.weight, torch.Generator().manual_seed(0)
        parts = []
        for _ in range(DRAWS):
            example = examples.draw(torch.arange(40), torch.rand(40, 1, generator=random))
            parts.append(torch.autograd.grad(generator.loss(*example).mean(), weight)[0].flatten())
        gradients[conditional] = torch.stack(parts)
    mean = {which: g.mean(0) for which, g in gradients.items()}
    error = gradients[False].std(0) / DRAWS**0.5
    assert ((mean[True] - mean[False]).abs() <= 5 * error + 1e-5).all()
    assert gradients[True].var(0).sum() < 0.8 * gradients[False].var(0).sum()


def test_a_search_for_each_batch_gives_the_labels_of_a_table() -> None:
    rows, uniform = torch.arange(30), torch.rand(30, 1, generator=torch.Generator().manual_seed(0))
    generator = make_generator(SUMMARY)
    kept, searched = (
        Examples(generator, make_pairs(config=PairConfig(top_k=20, table=table)), TRAINING).draw(
            rows, uniform
        )
        for table in ("on", "off")
    )
    torch.testing.assert_close(kept, searched)

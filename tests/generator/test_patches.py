"""What is particular to patches; that they are read, written and sampled as all others is tested with those."""

from dataclasses import replace

import torch
from generator_cases import SUMMARY, make_generator, make_pairs, make_rows

from carla_genre.generator.patches import PatchedDecoding, make_decoding
from carla_genre.generator.trainer import Trainer


def test_the_blocks_have_a_position_a_patch() -> None:
    for patch, positions in ((2, 2), (3, 2), (4, 1), (7, 1)):
        generator = make_generator(replace(SUMMARY, patch=patch))
        rows = torch.from_numpy(make_rows(5, 7))
        decoding = make_decoding(generator.transformer, generator.factual_bins.index(rows), rows.float(), 1)
        assert {block.key.shape[2] for block in decoding.cache} == {positions}
        assert generator.logits(rows, rows).shape[:2] == (5, 4)


def test_the_blocks_run_once_a_patch() -> None:
    generator, rows = make_generator(replace(SUMMARY, patch=3)), torch.from_numpy(make_rows(5, 7))
    index, calls = generator.answer_bins.index(rows), []
    decoding = make_decoding(generator.transformer, generator.factual_bins.index(rows), rows.float(), 1)
    assert isinstance(decoding, PatchedDecoding)
    last = decoding.steps[-1]

    def recorded(*given):
        calls.append(decoding.feature)
        return last(*given)

    decoding.steps[-1] = recorded
    for feature in range(4):
        decoding.logits()
        decoding.append(index[:, feature : feature + 1], generator.answer_bins.representatives[feature])
    assert calls == [0, 3]


def test_training_lowers_the_loss_and_reaches_every_weight() -> None:
    generator, pairs = make_generator(replace(SUMMARY, patch=2)).train(), make_pairs()
    source, target = torch.from_numpy(pairs.sources[:50]), torch.from_numpy(pairs.targets[:50])
    generator.loss(source, target).mean().backward()
    assert not [name for name, p in generator.named_parameters() if p.grad is None or not p.grad.any()]
    generator.zero_grad(set_to_none=True)
    history = Trainer(generator, pairs, generator.config.training, seed=0, verbose=False).fit()
    assert min(history.validation) < history.validation[0]

"""The fast path, feature by feature with shared branches, against the full pass of the transformer."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from generator_cases import PAPER_LIKE, PATCHED, SUMMARY, make_constraints, make_generator, make_rows

from carla_genre.generator.config import Architecture, SamplingConfig
from carla_genre.generator.decoding import LEAST_ROWS, Decoding, bytes_per_answer
from carla_genre.generator.generator import Generator
from carla_genre.generator.patches import make_decoding
from carla_genre.generator.sampler import draw, sample

KINDS = {
    "summary": SUMMARY,
    "encoder-decoder": PAPER_LIKE,
    "decoder": replace(SUMMARY, kind="decoder"),
    "patches": PATCHED,
}
B, N = 5, 3


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def architecture(request: pytest.FixtureRequest) -> Architecture:
    """All kinds, and features that share positions."""
    return request.param


def start(generator: Generator, factual: torch.Tensor, share: bool) -> Decoding:
    read = generator.factual_bins.index(factual)
    return make_decoding(generator.transformer, read, factual.float(), N, share)


@pytest.mark.parametrize("share", [True, False])
def test_each_step_equals_the_full_pass(architecture: Architecture, share: bool) -> None:
    """Answers of which two of three stay the same up to the last feature; the third parts at the second."""
    generator, factual = make_generator(architecture), torch.from_numpy(make_rows(B, 7))
    bins = generator.answer_bins
    chosen = bins.index(torch.from_numpy(make_rows(B, 8))).unsqueeze(1).repeat(1, N, 1)  # (B, N, D)
    chosen[:, 2, 1] = (chosen[:, 2, 1] + 1) % 3
    full = generator.logits(factual.repeat_interleave(N, 0), bins.value(chosen).flatten(0, 1)).unflatten(
        0, (B, N)
    )
    decoding = start(generator, factual, share)
    for feature in range(4):
        n_branches = LEAST_ROWS if share else B * N  # at most two branches a row: they are filled up
        logits = decoding.logits()
        assert logits.shape == (n_branches, bins.exists[feature].sum())
        expected = full[:, :, feature, bins.exists[feature]]
        torch.testing.assert_close(logits[decoding.branch], expected, rtol=1e-4, atol=1e-5)
        assert (decoding.owner[decoding.branch] == torch.arange(B).unsqueeze(1)).all()
        if feature < 3:
            decoding.append(chosen[:, :, feature], bins.representatives[feature])


def test_a_feature_that_is_skipped_is_still_read_by_later_ones(architecture: Architecture) -> None:
    generator, factual = make_generator(architecture), torch.from_numpy(make_rows(B, 7))
    bins = generator.answer_bins
    run, skipped = start(generator, factual, True), start(generator, factual, True)
    for feature in range(4):
        chosen = bins.index(factual)[:, feature, None].expand(-1, N)
        logits = run.logits()
        if feature == 3:
            torch.testing.assert_close(skipped.logits(), logits)
            break
        skipped.skip()
        for decoding in (run, skipped):
            decoding.append(chosen, bins.representatives[feature])


@pytest.mark.parametrize("temperature", [1.0, 10.0])
@pytest.mark.parametrize("sigma", [0.0, 0.05])
def test_sharing_changes_no_answer(architecture: Architecture, temperature: float, sigma: float) -> None:
    constraints = make_constraints(
        immutable=np.array([False, True, False, False]), direction=np.array([0, 0, 1, 0])
    )
    generator, rows = make_generator(architecture, constraints), torch.from_numpy(make_rows(20, 9))
    sampling = SamplingConfig(temperature, sigma, n_samples=8)
    shared = draw(generator, rows, sampling, 3)
    assert torch.equal(shared, draw(generator, rows, sampling, 3, share=False))
    assert (shared != shared[:, :1]).any()


def test_the_cache_takes_what_it_says(architecture: Architecture) -> None:
    generator, factual = make_generator(architecture), torch.from_numpy(make_rows(B, 7))
    decoding = start(generator, factual, share=False)
    kept = [part for side in (*decoding.cache, *decoding.memory) for part in side]
    measured = sum(part.numel() * part.element_size() for part in kept)
    assert measured == B * N * bytes_per_answer(generator.transformer)


@pytest.mark.gpu
def test_a_gpu_gives_nearly_all_of_the_processor_s_answers(architecture: Architecture) -> None:
    """The random numbers are the same; the logits are so but for rounding."""
    constraints = make_constraints(
        immutable=np.array([False, True, False, False]), direction=np.array([0, 0, 1, 0])
    )
    generator, rows = make_generator(architecture, constraints), torch.from_numpy(make_rows(200, 9))
    sampling = SamplingConfig(temperature=2.0, sigma=0.05, n_samples=8)
    expected = sample(generator, rows, sampling, 3)
    found = sample(generator.to("cuda"), rows, sampling, 3)
    assert ((found - expected).abs() < 1e-9).all(-1).double().mean() > 0.98
    assert (found[:, :, 1] == rows[:, None, 1]).all() and (found[:, :, 2] >= rows[:, None, 2]).all()


@pytest.mark.parametrize("company", [1, 2, 3, 4, 50])
def test_logits_are_the_same_to_the_bit_whoever_is_answered_as_well(
    architecture: Architecture, company: int
) -> None:
    """Else a number that falls on a bin's edge draws another bin."""
    generator, factual = make_generator(architecture), torch.from_numpy(make_rows(60, 7))
    index = generator.answer_bins.index(factual)
    together, few = start(generator, factual, True), start(generator, factual[:company], True)
    for feature in range(4):
        for decoding, rows in ((together, 60), (few, company)):
            logits = decoding.logits()[decoding.branch]
            if decoding is together:
                expected = logits[:company]
            else:
                assert torch.equal(logits, expected)
            if feature < 3:
                chosen = (index[:rows, feature, None] + torch.arange(N)) % 2  # branches part everywhere
                decoding.append(chosen, generator.answer_bins.representatives[feature])

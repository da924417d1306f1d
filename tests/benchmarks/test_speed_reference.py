"""The plain reference learns, decodes causally, and answers with the centres of its bins."""

import numpy as np
import pytest
import torch

from benchmarks.speed.reference import N_BINS, Reference, ReferenceTraining, nearest
from carla_genre.generator.config import PAPER

pytestmark = pytest.mark.slow


@pytest.fixture
def accepted() -> np.ndarray:
    return np.random.default_rng(0).random((40, 3)) * [1.0, 2.0, 0.0] + [0.0, -1.0, 0.5]


@pytest.fixture
def model(accepted: np.ndarray) -> Reference:
    torch.manual_seed(0)
    return Reference(accepted, layers=1)


def test_it_is_as_large_as_the_paper_preset_says() -> None:
    shape = PAPER.architecture
    full = Reference(np.zeros((1, 2))).transformer
    assert (len(full.encoder.layers), len(full.decoder.layers)) == (
        shape.encoder_layers,
        shape.decoder_layers,
    )
    layer = full.decoder.layers[0]
    assert (layer.self_attn.embed_dim, layer.self_attn.num_heads) == (shape.embedding, shape.heads)
    assert (layer.linear1.out_features, layer.dropout.p) == (shape.feed_forward, shape.dropout)
    assert PAPER.binning.n_bins == N_BINS


def test_it_learns_where_the_accepted_are(model: Reference, accepted: np.ndarray) -> None:
    sources = np.random.default_rng(1).random((64, 3))
    sources[:, 2] = 0.5
    nobody = np.zeros(3, bool)
    training = ReferenceTraining(model, sources, accepted[:1], nobody)  # all go to the first of the accepted
    for group in training.optimizer.param_groups:
        group["lr"] = 3e-3
    first = training.epoch(batch=32)
    for _ in range(60):
        last = training.epoch(batch=32)
    assert last < first - 1
    answers = model.sample(torch.from_numpy(sources[:5]).float(), 4)
    widths = model.widths.numpy()
    away = np.abs(answers.numpy() - accepted[0])[..., :2] / widths[:2]
    assert np.median(away) < 3  # in bins: the soft labels are a bell as wide as a bin


def test_q_is_equation_6_over_targets_of_the_same_immutables() -> None:
    sources = torch.tensor([[0.0, 0.0], [1.0, 0.5]])
    targets = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 0.2]])
    places, weights = nearest(sources, targets, torch.tensor([True, False]))
    assert places[0, :2].tolist() == [2, 0] and places[1, 0] == 1
    far, close = np.exp(-5 * 1.0), np.exp(-5 * 0.2)
    np.testing.assert_allclose(weights[0], [close / (far + close), far / (far + close), 0], atol=1e-6)
    np.testing.assert_allclose(weights[1], [1, 0, 0])


def test_an_answer_is_made_of_bin_centres_inside_of_the_accepted(
    model: Reference, accepted: np.ndarray
) -> None:
    answers = model.sample(torch.rand(7, 3), 4)
    assert answers.shape == (7, 4, 3) and not model.training
    for feature, means in enumerate(model.means):
        assert torch.isin(answers[..., feature], means).all()
    low, high = accepted.min(0) - 1e-6, accepted.max(0) + 1e-6
    assert ((answers.numpy() >= low) & (answers.numpy() <= high)).all()


def test_a_step_sees_the_answers_before_it_only(model: Reference) -> None:
    model.eval()
    memory, before = model.encode(torch.rand(2, 3)), torch.rand(2, 2)
    later = before.clone()
    later[:, 1] += 1
    a, b = model.decode(memory, before), model.decode(memory, later)
    torch.testing.assert_close(a[:, :2], b[:, :2])
    assert not torch.allclose(a[:, 2], b[:, 2])
    torch.testing.assert_close(model.decode(memory, before[:, :1]), a[:, :2])  # as it is asked in sampling


def test_the_loss_is_the_soft_cross_entropy_of_equation_8(model: Reference) -> None:
    model.eval()
    factual, answer = torch.rand(2, 3), torch.rand(2, 3)
    log_p = model.decode(model.encode(factual), answer[:, :-1]).log_softmax(-1)
    expected = torch.zeros(2)
    for row in range(2):
        for feature in range(3):
            mean, width = model.means[feature], model.widths[feature]
            kernel = torch.exp(-(((answer[row, feature] - mean) / width) ** 2) / 2)
            expected[row] -= (kernel / kernel.sum() * log_p[row, feature]).sum()
    torch.testing.assert_close(model.loss(factual, answer), expected, rtol=1e-4, atol=1e-4)

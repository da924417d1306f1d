import pytest
import torch
from generator_cases import PAPER_LIKE, make_generator, make_rows
from torch import nn

from carla_genre.generator.config import Architecture
from carla_genre.generator.transformer import Block


def inputs(n: int = 5):
    return torch.from_numpy(make_rows(n, 7)), torch.from_numpy(make_rows(n, 8))


def test_logits_have_a_place_for_every_bin_and_none_for_missing_ones(architecture: Architecture) -> None:
    generator = make_generator(architecture)
    logits = generator.logits(*inputs())
    assert logits.shape == (5, 4, generator.answer_bins.size)
    assert torch.equal(torch.isfinite(logits[0]), generator.answer_bins.exists)


def test_no_position_sees_itself_or_a_later_one(architecture: Architecture) -> None:
    generator = make_generator(architecture)
    factual, answer = inputs()
    before = generator.logits(factual, answer)
    for feature in range(4):
        changed = answer.clone()
        changed[:, feature] = 1 - changed[:, feature].round()
        after = generator.logits(factual, changed)
        torch.testing.assert_close(after[:, : feature + 1], before[:, : feature + 1])
        if feature < 3:
            exists = generator.answer_bins.exists[feature + 1]
            assert not torch.allclose(after[:, feature + 1, exists], before[:, feature + 1, exists])


def test_every_position_sees_the_whole_factual(architecture: Architecture) -> None:
    generator = make_generator(architecture)
    factual, answer = inputs()
    before = generator.logits(factual, answer)
    for feature in range(4):
        changed = factual.clone()
        changed[:, feature] = 1 - changed[:, feature].round()
        after = generator.logits(changed, answer)
        for position in range(4):
            exists = generator.answer_bins.exists[position]
            assert not torch.allclose(after[:, position, exists], before[:, position, exists])


def test_a_batch_of_one_equals_its_row(architecture: Architecture) -> None:
    generator = make_generator(architecture)
    factual, answer = inputs()
    whole = generator.logits(factual, answer)
    torch.testing.assert_close(generator.logits(factual[2:3], answer[2:3]), whole[2:3], rtol=1e-4, atol=1e-5)


def copy_attention(ours: nn.Module, theirs: nn.MultiheadAttention) -> None:
    theirs.in_proj_weight.data = torch.cat([ours.query.weight, ours.key_value.weight]).detach()
    theirs.in_proj_bias.data = torch.cat([ours.query.bias, ours.key_value.bias]).detach()
    theirs.out_proj.load_state_dict(ours.out.state_dict())


def copy_block(ours: Block, theirs: nn.Module) -> None:
    copy_attention(ours.attention, theirs.self_attn)
    norms = [ours.attention_norm, ours.feed_forward_norm]
    if ours.cross is not None:
        copy_attention(ours.cross, theirs.multihead_attn)
        norms.insert(1, ours.cross_norm)
    for place, norm in enumerate(norms, 1):
        getattr(theirs, f"norm{place}").load_state_dict(norm.state_dict())
    theirs.linear1.load_state_dict(ours.feed_forward[0].state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward[-1].state_dict())


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_encoder_decoder_is_torchs_own_transformer(norm: str) -> None:
    from dataclasses import replace

    config = replace(PAPER_LIKE, norm=norm)
    model = make_generator(config).transformer
    reference = nn.Transformer(
        config.embedding,
        config.heads,
        config.encoder_layers,
        config.decoder_layers,
        config.feed_forward,
        0.0,
        norm_first=norm == "pre",
        batch_first=True,
    ).eval()
    for ours, theirs in zip(model.encoder, reference.encoder.layers, strict=True):
        copy_block(ours, theirs)
    for ours, theirs in zip(model.decoder, reference.decoder.layers, strict=True):
        copy_block(ours, theirs)
    reference.encoder.norm.load_state_dict(model.encoder_norm.state_dict())
    reference.decoder.norm.load_state_dict(model.decoder_norm.state_dict())

    index = torch.randint(0, 2, (6, 4), generator=torch.Generator().manual_seed(0))
    value = index.float()
    source = model.factual_embedding(index, value) + model.factual_position
    start = model.start.expand(6, 1, -1)
    target = torch.cat([start, model.answer_embedding(index, value)[:, :-1]], 1) + model.answer_position
    mask = nn.Transformer.generate_square_subsequent_mask(4)
    expected = model.head(reference(source, target, tgt_mask=mask))
    torch.testing.assert_close(model(index, value, index, value), expected, rtol=1e-4, atol=1e-5)

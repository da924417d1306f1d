import torch

from carla_genre.generator.randomness import normals, row_keys, sample_categorical, uniforms


def test_numbers_are_even_and_independent_of_place() -> None:
    rows = torch.rand(2000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    numbers = uniforms(row_keys(rows, 0), 5, 20)
    assert numbers.min() >= 0 and numbers.max() < 1
    counts = torch.histc(numbers, 20, 0, 1)
    assert (counts - 2000).abs().max() < 250  # 5 to 6 standard deviations
    flat = numbers - numbers.mean()
    assert (flat[:, 0] * flat[:, 1]).mean().abs() < 0.01  # candidates
    assert (flat[:-1, 0] * flat[1:, 0]).mean().abs() < 0.01  # rows
    shuffled = torch.randperm(2000, generator=torch.Generator().manual_seed(1))
    assert torch.equal(uniforms(row_keys(rows[shuffled], 0), 5, 20), numbers[shuffled])
    assert torch.equal(uniforms(row_keys(rows, 0), 5, 7), numbers[:, :7])


def test_seed_stream_and_content_each_change_the_numbers() -> None:
    row = torch.tensor([[0.5, 0.25]], dtype=torch.float64)
    base = uniforms(row_keys(row, 0), 0, 4)
    assert not torch.equal(uniforms(row_keys(row, 1), 0, 4), base)
    assert not torch.equal(uniforms(row_keys(row, 0), 1, 4), base)
    assert not torch.equal(uniforms(row_keys(row.flip(1), 0), 0, 4), base)
    assert torch.equal(row_keys(torch.tensor([[0.0]]), 3), row_keys(torch.tensor([[-0.0]]), 3))


def test_normals_have_the_normal_moments() -> None:
    rows = torch.arange(5000, dtype=torch.float64)[:, None]
    numbers = normals(row_keys(rows, 0), 1, 8).flatten()
    moments = [(numbers**power).mean().item() for power in (1, 2, 3, 4)]
    assert all(abs(found - expected) < 0.1 for found, expected in zip(moments, (0, 1, 0, 3), strict=True))


def test_places_are_drawn_by_their_weights() -> None:
    weights = torch.tensor([[0.0, 1.0, 3.0, 0.0], [2.0, 0.0, 0.0, 2.0]], dtype=torch.float64)
    even = (torch.arange(4000, dtype=torch.float64) + 0.5).expand(2, -1) / 4000
    drawn = sample_categorical(weights, even)
    counts = torch.stack([torch.bincount(row, minlength=4) for row in drawn])
    assert counts.tolist() == [[0, 1000, 3000, 0], [2000, 0, 0, 2000]]

import numpy as np
import pytest
import torch

from carla_genre.errors import InputError
from carla_genre.generator.bins import Bins
from carla_genre.generator.config import Binning


def fit(column: np.ndarray, levels: int = 0, **config: object) -> Bins:
    return Bins.fit(np.asarray(column, float)[:, None], np.array([levels]), Binning(**config))


def test_few_values_get_a_bin_each_and_come_back_exactly() -> None:
    values = np.array([0.1, 0.3, 0.30000001, 0.9])
    bins = fit(np.repeat(values, 5), n_bins=4)
    index = bins.index(torch.from_numpy(values)[:, None])
    assert index[:, 0].tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(bins.value(index)[:, 0].numpy(), values)


def test_many_values_get_at_most_n_bins_whose_representatives_occur() -> None:
    column = np.random.default_rng(0).exponential(size=5000)
    bins = fit(column, n_bins=32)
    points = bins.representatives[0][bins.exists[0]].numpy()
    assert len(points) <= 32
    assert np.isin(points, column).all()
    assert points[0] == column.min() and points[-1] == column.max()
    assert (np.diff(points) > 0).all()


def test_a_common_value_has_its_bin_and_a_rare_one_is_spoken_for() -> None:
    random = np.random.default_rng(0)
    rare = random.random(40)
    column = np.concatenate([np.zeros(930), np.repeat([0.2, 0.4], 20), rare])
    points = fit(column, n_bins=64).representatives[0].tolist()
    assert points == sorted({0.0, 0.2, 0.4, column.max()})
    assert fit(column, n_bins=3).representatives[0].numel() <= 3  # more common values than bins: quantiles
    mostly_rare = np.concatenate([np.zeros(30), rare])  # the common value may mean "unknown"
    assert len(fit(mostly_rare, n_bins=64).representatives[0]) == 41
    assert len(fit(np.tile(rare, 50), n_bins=64).representatives[0]) == 40


@pytest.mark.parametrize("kind", ["values", "even", "left-edges"])
def test_index_is_the_nearest_representative(kind: str) -> None:
    column = np.random.default_rng(1).random(400)
    bins = fit(column, n_bins=20, kind=kind)
    values = torch.linspace(-0.2, 1.2, 301, dtype=torch.float64)[:, None]
    distance = (values - bins.representatives[0]).abs()
    nearest = distance.min(dim=1).values
    chosen = distance.gather(1, bins.index(values))[:, 0]
    torch.testing.assert_close(chosen, nearest)


def test_even_bins_are_even_and_can_say_the_extremes() -> None:
    column = np.array([0.2, 0.25, 0.7, 1.0])
    points = fit(column, n_bins=50, kind="even").representatives[0]
    assert points[0] == 0.2 and points[-1] == 1.0
    np.testing.assert_allclose(np.diff(points.numpy()), 0.8 / 49)


def test_left_edges_are_the_authors_grid() -> None:
    bins = fit(np.random.default_rng(0).random(9), n_bins=50, kind="left-edges")
    np.testing.assert_allclose(bins.representatives[0].numpy(), np.arange(50) / 50)


def test_every_level_has_a_bin_even_one_that_does_not_occur() -> None:
    bins = fit(np.array([0, 0, 3]), levels=5)
    assert bins.representatives[0].tolist() == [0, 1, 2, 3, 4]
    assert bins.categorical.tolist() == [True]


def test_a_constant_feature_has_one_bin() -> None:
    bins = fit(np.full(7, 0.4))
    assert bins.representatives[0].tolist() == [0.4]


def test_soft_labels_are_equation_8() -> None:
    bins = fit(np.random.default_rng(0).random(300), n_bins=12)
    values = torch.tensor([[0.13], [0.5], [2.0]], dtype=torch.float64)
    points, widths = bins.representatives[0], bins.widths[0]
    kernel = torch.exp(-(((values - points) / widths) ** 2) / 2)
    expected = kernel / kernel.sum(1, keepdim=True)
    torch.testing.assert_close(bins.soft_labels(values)[:2, 0].double(), expected[:2], rtol=1e-5, atol=1e-6)
    assert bins.soft_labels(values).sum(-1).flatten().tolist() == pytest.approx([1.0] * 3)  # far outside too


def test_soft_labels_of_a_category_are_hard_and_padding_gets_nothing() -> None:
    rows = np.column_stack([np.linspace(0, 1, 40), np.arange(40) % 3])
    bins = Bins.fit(rows, np.array([0, 3]), Binning(n_bins=40))
    labels = bins.soft_labels(torch.tensor([[0.5, 2.0]], dtype=torch.float64))
    assert labels[0, 1, :3].tolist() == [0, 0, 1]
    assert labels[0, 1, 3:].sum() == 0


def test_even_bins_between_neighbouring_floats_have_widths() -> None:
    values = np.array([[1.0], [np.nextafter(1.0, 2.0)]])
    bins = Bins.fit(values, np.array([0]), Binning(n_bins=50, kind="even"))
    labels = bins.soft_labels(torch.from_numpy(values))
    assert labels.shape[-1] == 2
    torch.testing.assert_close(labels.sum(-1), torch.ones(2, 1))


def test_points_are_levels_a_numbers_values_and_both_infinities() -> None:
    column = np.random.default_rng(0).random(3000)
    rows = np.stack([column, np.zeros(3000)], axis=1)
    points = Bins.fit(rows, np.array([0, 3]), Binning()).points(8)
    assert points.shape == (10, 2)
    assert (points[[0, -1]] == np.array([[-np.inf], [np.inf]])).all()
    assert (np.diff(points[1:-1, 0]) > 0).all()
    assert points[1, 0] == column.min() and points[-2, 0] == column.max()
    assert points[1:-1, 1].tolist() == [0, 1, 2, 2, 2, 2, 2, 2]


def test_no_rows_is_an_error() -> None:
    with pytest.raises(InputError, match="D_h\\+"):
        fit(np.empty(0))

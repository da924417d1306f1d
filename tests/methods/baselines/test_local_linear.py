import torch

from carla_genre.methods.baselines.search.local_linear import LocalLinearFit


def test_a_plane_is_found_exactly_and_a_constant_column_has_no_slope() -> None:
    slopes = torch.tensor([2.0, -1.0, 5.0], dtype=torch.float64)
    fit = LocalLinearFit(torch.tensor([0.1, 3.0, 0.0]), n_neighbors=51)
    rows = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found, levels = fit(lambda z: z @ slopes + 7, rows)
    torch.testing.assert_close(
        found, torch.tensor([[2.0, -1.0, 0.0]]).double().expand(4, 3), rtol=1e-6, atol=1e-6
    )
    torch.testing.assert_close(levels, rows @ slopes + 7)


def test_what_is_even_about_a_row_falls_out_of_its_slopes() -> None:
    rows = torch.tensor([[0.3, -2.0], [1.0, 4.0]], dtype=torch.float64)
    found, _ = LocalLinearFit(torch.ones(2), n_neighbors=20)(lambda z: z.square().sum(dim=1), rows)
    torch.testing.assert_close(found, 2 * rows, rtol=1e-6, atol=1e-6)


def test_slopes_of_a_staircase_are_its_ramp() -> None:
    fit = LocalLinearFit(torch.tensor([1.0]), n_neighbors=4000)
    slope, level = fit(lambda z: (4 * z[:, 0]).floor() / 4, torch.tensor([[0.1], [0.2]], dtype=torch.float64))
    assert (slope - 1).abs().max() < 0.02 and (level - torch.tensor([0.1, 0.2]) + 0.125).abs().max() < 0.02


def test_a_row_alone_is_fitted_as_among_others() -> None:
    rows = torch.randn(300, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    fit = LocalLinearFit(torch.ones(4), n_neighbors=1000)
    slopes, levels = fit(lambda z: z.sin().prod(dim=1), rows)
    for place in (0, 200):
        slope, level = fit(lambda z: z.sin().prod(dim=1), rows[place : place + 1])
        torch.testing.assert_close(slope[0], slopes[place])
        torch.testing.assert_close(level[0], levels[place])


def test_no_rows() -> None:
    slopes, levels = LocalLinearFit(torch.ones(3))(lambda z: z[:, 0], torch.empty(0, 3, dtype=torch.float64))
    assert slopes.shape == (0, 3) and levels.shape == (0,)

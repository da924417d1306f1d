import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import Logistic
from robust_cases import Disguised, Hidden, Network, network

from carla_genre.methods.baselines.search.local_linear import LocalLinearFit
from carla_genre.methods.baselines.search.logit import BlackBoxLogit, ModuleLogit, logit_of, plane_of

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def net() -> Network:
    return network()


def rows_of(mlmodel, n: int = 50) -> torch.Tensor:
    columns = list(mlmodel.feature_input_order)
    return torch.from_numpy(mlmodel.data.df_train[columns].head(n).to_numpy(dtype=float))


def build(mlmodel, spread: float = 0.05, neighbors: int = 400):
    rows = rows_of(mlmodel)
    fit = LocalLinearFit(torch.full((rows.shape[1],), spread), neighbors)
    return logit_of(mlmodel, mlmodel.feature_input_order, rows, fit, CPU), rows


def test_the_module_is_the_classifier_in_double_precision_and_stays_as_it_was(net: Network) -> None:
    net.raw_model.train()
    logit, rows = build(net)
    assert isinstance(logit, ModuleLogit)
    denied, accepted = net.predict_proba(pd.DataFrame(rows.numpy(), columns=net.feature_input_order)).T
    np.testing.assert_allclose(logit(rows).numpy(), np.log(accepted / denied), atol=1e-4)
    weights = list(net.raw_model.parameters())
    assert all(w.dtype == torch.float32 and w.requires_grad for w in weights) and net.raw_model.training


def test_the_gradient_is_the_finite_differences(net: Network) -> None:
    logit, rows = build(net)
    logits, gradients = logit.with_gradient(rows)
    step = 1e-5
    shifts = step * torch.eye(rows.shape[1], dtype=torch.float64)
    differences = torch.stack(
        [(logit(rows + shift) - logit(rows - shift)) / (2 * step) for shift in shifts], dim=1
    )
    torch.testing.assert_close(gradients, differences, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(logits, logit(rows))


def test_the_gradient_can_be_derived_again(net: Network) -> None:
    logit, rows = build(net)
    at = rows[:3].clone().requires_grad_()

    def lengths(z: torch.Tensor) -> torch.Tensor:
        return logit.with_gradient(z)[1].norm(dim=1)

    (second,) = torch.autograd.grad(lengths(at).sum(), at)
    shift = torch.zeros_like(rows[:3])
    shift[:, 1] = 1e-5
    difference = (lengths(rows[:3] + shift) - lengths(rows[:3] - shift)) / 2e-5
    torch.testing.assert_close(second[:, 1], difference.detach(), rtol=1e-4, atol=1e-6)


def test_asking_gives_nearly_the_modules_gradient(net: Network) -> None:
    by_module, rows = build(net)
    by_asking, _ = build(Hidden(net.data, net.raw_model))
    assert isinstance(by_asking, BlackBoxLogit)
    (f, gradients), (g, slopes) = by_module.with_gradient(rows), by_asking.with_gradient(rows)
    torch.testing.assert_close(f, g, rtol=1e-3, atol=1e-3)
    error = (gradients - slopes).norm(dim=1) / gradients.norm(dim=1)
    assert error.max() < 0.03


def test_a_black_boxs_logit_carries_its_measured_gradient(net: Network) -> None:
    logit, rows = build(Hidden(net.data, net.raw_model))
    rows = rows.clone().requires_grad_()
    f, slopes = logit.with_gradient(rows)
    (derived,) = torch.autograd.grad(f.sum(), rows)
    torch.testing.assert_close(derived, slopes)


def test_a_module_that_is_not_predict_proba_is_not_used(net: Network) -> None:
    logit, rows = build(Disguised(net.data, net.raw_model))
    assert isinstance(logit, BlackBoxLogit)
    torch.testing.assert_close(logit(rows), -build(net)[0](rows), rtol=1e-3, atol=1e-3)


def test_a_module_that_cannot_take_rows_is_not_used(net: Network) -> None:
    class Odd(Network):
        def predict_proba(self, x):
            return net.predict_proba(x)

    logit, _ = build(Odd(net.data, torch.nn.Linear(3, 1)))
    assert isinstance(logit, BlackBoxLogit)


def test_certainty_has_a_finite_logit(mlmodel: Logistic) -> None:
    class Certain(Logistic):
        def predict_proba(self, x):
            return np.tile([1.0, 0.0], (len(x), 1))

    logit, rows = build(Certain(mlmodel.data))
    assert torch.isfinite(logit(rows)).all() and (logit(rows) < -20).all()


def test_a_linear_logit_is_known_by_its_plane_and_another_is_not(mlmodel: Logistic, net: Network) -> None:
    logit, rows = build(mlmodel)
    fit = LocalLinearFit(rows.std(dim=0), 400)
    plane = plane_of(logit, rows, fit)
    assert plane is not None
    varied = (rows.std(dim=0) > 0).numpy()
    np.testing.assert_allclose(plane[0].numpy()[varied], mlmodel.raw_model.coef_[0][varied], atol=1e-4)
    assert plane_of(build(net)[0], rows, fit) is None

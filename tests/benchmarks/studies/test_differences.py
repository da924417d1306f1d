"""Each variant differs from its method in what it says, and the table puts the right figures side by side."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from benchmarks.paper.command import NOT_MEASURED
from benchmarks.paper.published import published
from benchmarks.studies.differences import table
from benchmarks.studies.differences.cchvae import CCHVAEOfNumbers
from benchmarks.studies.differences.growing_spheres import ReleasedGrowingSpheres
from benchmarks.studies.differences.probe import ReleasedPROBE
from benchmarks.studies.differences.roar import ReleasedROAR
from benchmarks.studies.differences.tabsyn_svdd import TabSynSVDDAsDrawn
from carla_genre import InputError, build_method
from carla_genre.harness import read_grid
from carla_genre.harness.measure import measure
from carla_genre.methods.baselines.tabsyn.recourse import TabSynSVDD
from carla_genre.methods.registry import hyperparameters_of
from carla_genre.protocol import Setting
from carla_genre.protocol.classifier import ProtocolClassifier, TwoClasses

SLOPES = np.array([2.0, 0.0, -3.0, 1.0])
SCORES = ("cost", "val", "lof", "score")
FEW_STEPS = {"layers": 1, "width": 32, "vae_steps": 50, "diffusion_steps": 100, "sampling_steps": 10}

# The study is finished: what it measured is guarded, and .ci/run has it.
pytestmark = pytest.mark.slow

GRID = "benchmarks/studies/differences/differences.yaml"


@pytest.fixture(scope="module")
def people(setting: Setting) -> pd.DataFrame:
    return setting.factuals[list(setting.mlmodel.feature_input_order)]


@pytest.fixture(scope="module")
def linear(setting: Setting) -> ProtocolClassifier:
    """An h whose logit is a plane, near 0 for everybody."""
    logit = nn.Linear(4, 1)
    with torch.no_grad():
        logit.weight.copy_(torch.tensor(SLOPES)[None])
        logit.bias.zero_()
    return ProtocolClassifier(setting.data, setting.mlmodel.feature_input_order, TwoClasses(logit))


def test_the_plane_of_the_logit_is_its_slope_a_standard_deviation(
    linear: ProtocolClassifier, people: pd.DataFrame
) -> None:
    train = linear.data.df_train[list(people.columns)]
    coefficients, _ = ReleasedROAR(linear, {"plane": "logit"}).planes(people.head(3).to_numpy())
    np.testing.assert_allclose(coefficients, np.tile(SLOPES * train.std(ddof=0), (3, 1)), atol=0.02)


def test_the_plane_of_the_probability_is_flatter_as_a_sigmoid_is(
    linear: ProtocolClassifier, people: pd.DataFrame
) -> None:
    rows = people.head(3).to_numpy()
    of_logit, of_probability = (
        ReleasedROAR(linear, {"plane": p}).planes(rows) for p in ("logit", "probability")
    )
    steep = of_logit[0].abs() > 0.1
    share = of_probability[0][steep] / of_logit[0][steep]
    assert steep.any() and (share > 0.05).all() and (share < 0.25).all()
    # Taken for a logit, a probability says that everybody is accepted.
    assert (of_probability[1] > 0).all()


@pytest.mark.parametrize("hyperparams", [{"plane": "probability"}, {"plane": "logit"}])
def test_released_roar_leaves_the_range_and_moves_immutables(
    setting: Setting, people: pd.DataFrame, hyperparams: dict
) -> None:
    answers = ReleasedROAR(setting.mlmodel, hyperparams).get_counterfactuals(people)
    found = answers.notna().all(axis=1)
    assert found.any() and (setting.mlmodel.predict_proba(answers[found])[:, 1] > 0.5).all()
    assert ((answers[found] < 0) | (answers[found] > 1)).any(axis=None)
    sex = next(column for column in people.columns if column.startswith("sex"))
    assert (answers.loc[found, sex] != people.loc[found, sex]).all()


def test_a_person_s_answer_does_not_depend_on_the_others(setting: Setting, people: pd.DataFrame) -> None:
    for method in (ReleasedROAR(setting.mlmodel), ReleasedPROBE(setting.mlmodel, {"rounds": 2, "steps": 20})):
        together, alone = (method.get_counterfactuals(part) for part in (people, people.iloc[[7]]))
        pd.testing.assert_frame_equal(together.iloc[[7]], alone, rtol=1e-9)
        assert method.get_counterfactuals(people.head(0)).shape == (0, people.shape[1])


def test_the_weight_of_released_probe_falls_below_0(setting: Setting) -> None:
    free = list(ReleasedPROBE(setting.mlmodel, {"rounds": 5}).weights())
    held = list(ReleasedPROBE(setting.mlmodel, {"rounds": 5, "least_weight": 0.0}).weights())
    assert free[0] == held[0] > 0 and (np.diff(free) < 0).all() and free[-1] < 0
    assert held == [max(weight, 0) for weight in free]


def test_below_0_distance_is_paid_for(setting: Setting, people: pd.DataFrame) -> None:
    # Noise that nobody stands lets no search end.
    endless = {"noise_variance": 4.0, "rounds": 6, "steps": 30}
    rows = torch.tensor(people.to_numpy(dtype=float))
    far, near = (
        (ReleasedPROBE(setting.mlmodel, {**endless, "least_weight": least})._search(rows) - rows)
        .abs()
        .sum(dim=1)
        for least in (None, 0.0)
    )
    assert (far > near).all()


class InCarlasShells(ReleasedGrowingSpheres):
    SHELLS = {"n_search_samples": 1000, "step": 0.2, "p_norm": 2}


def test_growing_spheres_in_carla_s_shells_is_carla_s(setting: Setting, people: pd.DataFrame) -> None:
    carla = build_method("GrowingSpheres", setting.mlmodel, {"seed": 4}).get_counterfactuals(people)
    thin = ReleasedGrowingSpheres(setting.mlmodel, {"seed": 4}).get_counterfactuals(people)
    same = InCarlasShells(setting.mlmodel, {"seed": 4}).get_counterfactuals(people)
    pd.testing.assert_frame_equal(same, carla)
    assert not thin.equals(carla)


def test_cchvae_leaves_a_category_between_its_levels(
    setting: Setting, people: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CF_MODELS", str(tmp_path))
    quick = {"seed": 0, "vae_params": {"layers": [8, 2], "epochs": 3}, "verbose": False}
    whole, between = (
        method.get_counterfactuals(people).dropna()
        for method in (
            build_method("CCHVAE", setting.mlmodel, quick),
            CCHVAEOfNumbers(setting.mlmodel, quick),
        )
    )
    sex = next(column for column in people.columns if column.startswith("sex"))
    assert len(whole) and whole[sex].isin([0, 1]).all()
    assert len(between) and between[sex].between(0, 1, inclusive="neither").all()
    assert setting.data.categorical == ["sex"]


def test_tabsyn_s_draws_are_those_of_its_sampler_before_immutables_are_put_back(
    setting: Setting, people: pd.DataFrame
) -> None:
    variant = TabSynSVDDAsDrawn(setting.mlmodel, {**FEW_STEPS, "seed": 1, "verbose": False})
    base = TabSynSVDD(setting.mlmodel, variant.hyperparams, variant._method.tabsyn)
    assert base.hyperparams["process"] == "churn"
    drawn, held = (base.schema.encode(method.get_counterfactuals(people)) for method in (variant, base))
    before = base.schema.encode(people)
    both = ~np.isnan(drawn).any(axis=1) & ~np.isnan(held).any(axis=1)
    assert both.any()
    np.testing.assert_array_equal(base.schema.constrain(before[both], drawn[both]), held[both])
    assert (drawn[both][:, base.schema.immutable] != before[both][:, base.schema.immutable]).any()


def test_every_variant_of_the_grid_stands_beside_its_method(repository: Path) -> None:
    cells = read_grid(repository / GRID, data=["compas"], seeds=[0])
    quick = read_grid(repository / GRID, quick=True)
    assert {cell.label for cell in quick} == {cell.label for cell in cells}
    named = {cell.label: cell for cell in cells if not table.OWN_SEED.fullmatch(cell.label)}
    bases = [label for label in named if label in published()["methods"]]
    assert len(bases) >= 6
    for label, cell in named.items():
        base = next(one for one in bases if f"{label}, ".startswith(f"{one}, "))
        assert ":" in cell.method or label == base
        # What a variant shares with its method has the same value, so that it differs in what it says alone.
        ours, theirs = (hyperparameters_of(one.method, one.hyperparams) for one in (cell, named[base]))
        if base.startswith(("TabSyn", "CCHVAE", "GrowingSpheres")):
            assert ours == theirs or ours | {"process": "churn"} == theirs | {"process": "churn"}


def test_a_variant_s_hyperparameters_are_checked_with_the_grid() -> None:
    method = "benchmarks.studies.differences.roar:ReleasedROAR"
    assert hyperparameters_of(method, {"plane": "logit"})["delta"] == 0.01
    with pytest.raises(InputError, match="no hyperparameter 'plain': did you mean 'plane'"):
        hyperparameters_of(method, {"plain": "logit"})


@pytest.fixture(scope="module")
def measured(repository: Path, small_paper: None) -> dict:
    """The record of one variant."""
    grid = repository / GRID
    (cell,) = read_grid(grid, only=["GrowingSpheres, as released with PROBE"], data=["compas"], seeds=[1])
    return measure(dataclasses.replace(cell, n_factuals=10, n_retrained=1))


@pytest.fixture(scope="module")
def records(measured: dict) -> list[dict]:
    """The same as if of several cells, with figures of their own."""
    random = np.random.default_rng(0)
    labels = ["GrowingSpheres", "GrowingSpheres, as released with PROBE"]
    labels += [f"GrowingSpheres, own seed {seed}" for seed in (0, 42)]
    return [
        {
            **measured,
            "cell": {**measured["cell"], "label": label, "seed": seed},
            "scores": {**measured["scores"], **dict(zip(SCORES, random.random(4), strict=True))},
        }
        for seed in (0, 1)
        for label in labels
    ]


def test_a_cell_s_seed_is_the_variant_s_too(measured: dict) -> None:
    assert measured["hyperparams"]["seed"] == 1
    assert measured["constrained"]["scores"]["violations"]["rows"] == 0


def test_the_paper_s_figures_ours_and_the_variant_s(records: list[dict]) -> None:
    rows = table.compared(records)
    assert rows["variant"].tolist() == [table.PAPER, table.HERE, "as released with PROBE"]
    assert (rows["method"] == "GrowingSpheres").all()
    assert rows["Score"].iloc[0] == published()["methods"]["GrowingSpheres"]["compas"]["score"]
    for place, label in ((1, "GrowingSpheres"), (2, "GrowingSpheres, as released with PROBE")):
        scores = [record["scores"]["score"] for record in records if record["cell"]["label"] == label]
        assert rows["Score"].iloc[place] == pytest.approx(np.mean(scores))
        assert rows["Score std"].iloc[place] == pytest.approx(np.std(scores, ddof=1))
    lines = table.markdown(rows).splitlines()
    assert len(lines) == 5 and len({line.count("|") for line in lines}) == 1


def test_own_seeds_are_compared_on_the_same_people(records: list[dict]) -> None:
    rows = table.over_own_seeds(records)
    assert rows["seed"].tolist() == [0, 1] and (rows["own seeds"] == 2).all()
    for row in rows.to_dict("records"):
        costs = [
            record["scores"]["cost"]
            for record in records
            if record["cell"]["seed"] == row["seed"] and "own seed" in record["cell"]["label"]
        ]
        assert (row["Cost least"], row["Cost most"]) == (min(costs), max(costs))
    lines = table.own_seeds_markdown(rows).splitlines()
    assert lines[2].startswith("| COMPAS | GrowingSpheres | 0 | 2 | ") and len(lines) == 4


def test_what_failed_or_is_missing_has_no_figures(records: list[dict]) -> None:
    broken = [{**record, "error": {"type": "X", "message": "x"}} for record in records]
    rows = table.compared(broken)
    assert rows.loc[rows["variant"] != table.PAPER, "Score"].isna().all()
    assert table.over_own_seeds(broken).empty
    assert "| COMPAS | GrowingSpheres | here | 0 | - | - | - | - |" in table.markdown(rows)
    assert len(table.own_seeds_markdown(table.over_own_seeds(broken)).splitlines()) == 2


def test_a_method_that_nobody_has_measured_on_a_data_set_is_left_out_there(records: list[dict]) -> None:
    missing = [
        {
            "cell": {**record["cell"], "data": "adult"},
            "key": "",
            "error": {"type": NOT_MEASURED, "message": ""},
        }
        for record in records
    ]
    assert table.markdown(table.compared(records + missing)) == table.markdown(table.compared(records))
    one_seed = [*records, {**records[0], "cell": missing[0]["cell"]}, *missing[1:]]
    rows = table.compared(one_seed)
    assert rows.loc[rows["data"] == "adult", "variant"].tolist() == [table.PAPER, table.HERE]


@pytest.mark.parametrize("method", [ReleasedROAR, ReleasedPROBE, CCHVAEOfNumbers])
def test_a_classifier_without_a_gradient_is_refused(setting: Setting, method: type) -> None:
    class Asked(ProtocolClassifier):
        backend, raw_model = "sklearn", None

    asked = Asked(setting.data, setting.mlmodel.feature_input_order, setting.mlmodel.raw_model)
    with pytest.raises(InputError, match=r"PyTorch|'pytorch'"):
        method(asked)

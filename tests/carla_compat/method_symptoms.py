"""The symptoms that carla_compat repairs in CARLA's methods and measures, each asked for by one function.

Run as a script it prints a JSON object: name of the repair -> whether the symptom is there. The functions are called
like the repairs that they belong to. Once with every repair and once without those named here shows that each repair
is needed and works; on either of the two CARLAs, since those whose defect only one has say so (None).
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd
import torch
from benchmark_symptoms import (
    benchmark_pairs_wrong_rows,
    empty_rows_are_dropped_by_label,
    violations_need_columns_nobody_has,
    violations_need_equal_labels,
)
from search_symptoms import (
    dice_asks_for_columns_the_classifier_lacks,
    dice_loses_rows_without_answer,
    dice_writes_text_into_numbers,
    face_answers_what_it_cannot_reach,
    face_links_only_ones,
    face_needs_an_immutable,
    face_needs_many_rows,
    face_starts_from_another_row,
    growing_spheres_depends_on_hash_seed,
    growing_spheres_draws_columns_apart,
    growing_spheres_never_gives_up,
    wachter_indexes_with_a_float,
)
from toy_classifier import COLUMNS, HEAD, LABELS, Toy, denied, one_level_each

import carla_genre  # noqa: F401 (before carla)
from carla_genre.carla_compat import registry

from carla.models.api import mlmodel as mlmodel_api
from carla.recourse_methods import CCHVAE, CRUD, GrowingSpheres, Revise, Wachter
from carla.recourse_methods.autoencoder import CSVAE
from carla.recourse_methods.autoencoder.losses import losses
from carla.recourse_methods.catalog.clue.library.clue_ml.src import utils as clue_utils
from carla.recourse_methods.processing import check_counterfactuals, encode_feature_names

WRITABLE = bool(pd.DataFrame([[0.0]]).values.flags.writeable)  # before pandas 3


def cchvae(layers: list[int], batch_size: int = 20) -> CCHVAE:
    params = {"layers": layers, "epochs": 1, "batch_size": batch_size}
    torch.manual_seed(0)
    return CCHVAE(Toy(), {"data_name": "toy", "max_iter": 20, "n_search_samples": 50, "vae_params": params})


def width() -> int:
    return int(Toy().get_mutable_mask().sum()) if HEAD else len(COLUMNS)


def counterfactuals_are_numbered_from_zero():
    np.random.seed(0)
    model = Toy()
    rows = denied(model)
    return None if HEAD else list(GrowingSpheres(model).get_counterfactuals(rows).index) != LABELS


def rows_without_answer_reach_classifier():
    answers = [np.full(6, np.nan), np.array([1.0, 0, 0, 1, 0, 0])]
    index = [pd.Index(["a", "b"])] if HEAD else []
    try:
        checked = check_counterfactuals(Toy(accept_nan=False), answers, *index)
    except ValueError:
        return True
    return not (checked.iloc[0].isna().all() and checked.iloc[1]["good"] == 1)


def immutables_match_parts_of_names():
    return encode_feature_names(["age"], ["age", "language_en", "wage"]) + encode_feature_names(
        ["job"], ["old_job_x", "job_x", "job_y"]
    ) != ["age", "job_x", "job_y"]


def mutable_mask_expects_one_column_a_category():
    if not HEAD:
        return None
    model = Toy()
    model.data.immutables = ["job", "age"]
    return list(mlmodel_api.MLModel.get_mutable_mask(model)) != [True, False, True, False, False, False]


def warns_of_read_only(action) -> bool:
    always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            action()
    finally:
        torch.set_warn_always(always)
    return any("not writable" in str(warning.message) for warning in said)


def rows_to_explain_are_read_only():
    if WRITABLE:
        return None
    model = Toy()
    method = Wachter(model, {"loss_type": "MSE", "y_target": [1], "t_max_min": 0.02})
    return warns_of_read_only(lambda: method.get_counterfactuals(denied(model)))


def rows_to_train_on_are_read_only():
    return warns_of_read_only(lambda: cchvae([width(), 8, 3])) if HEAD and not WRITABLE else None


def category_is_not_one_level():
    method = cchvae([width(), 8, 3])
    decoded = torch.full((50, len(COLUMNS)), 0.7)  # every level of the job at .7
    answer = decoded[:, method._mlmodel.get_mutable_mask()] if HEAD else (decoded, decoded)
    method._generative_model.decode = lambda z: answer
    return not one_level_each(method.get_counterfactuals(denied(Toy())))


def wrong_backend_is_no_help():
    model = Toy()
    model.backend = "sklearn"
    try:
        Wachter(model, {})
    except ValueError as error:
        return "backend" not in str(error)
    return True


def crud_needs_the_label():
    model = Toy()
    torch.manual_seed(0)
    params = {"layers": [width(), 8, 3], "epochs": 1}
    method = CRUD(model, {"data_name": "toy", "max_iter": 3, "vae_params": params})
    try:
        return len(method.get_counterfactuals(denied(model)[COLUMNS])) != len(LABELS)
    except KeyError:
        return True


def saved_vae_is_looked_for_under_another_width():
    if not HEAD:
        return None
    model = Toy()
    params = {"data_name": "saved", "max_iter": 3, "vae_params": {"layers": [width(), 8, 3], "epochs": 1}}
    trained = Revise(model, model.data, params)
    params["vae_params"] = {"layers": [width(), 8, 3], "train": False}
    try:
        loaded = Revise(model, model.data, params)
    except (FileNotFoundError, RuntimeError):
        return True
    return not all(
        torch.equal(mine, theirs)
        for mine, theirs in zip(loaded.vae.parameters(), trained.vae.parameters(), strict=True)
    )


class Network(clue_utils.BaseNet):
    """The least of a network of CLUE's."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch, self.lr = 3, np.float64(0.5)
        self.model = torch.nn.Linear(2, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters())


def clue_sums_a_generator():
    if np.lib.NumpyVersion(np.__version__) < "2.4.0":
        return None
    try:
        return Network().get_nb_parameters() != 3
    except TypeError:
        return True


def clue_loads_weights_only():
    saved, loaded = Network(), Network()
    with tempfile.TemporaryDirectory() as folder:
        saved.save(f"{folder}/net.dat")
        try:
            loaded.load(f"{folder}/net.dat")
        except pickle.UnpicklingError:
            return True
    return not torch.equal(saved.model.weight, loaded.model.weight)


def vae_layers_need_the_input_width():
    layers = [8, 3]
    try:
        cchvae(layers)
    except RuntimeError:  # sizes that do not fit
        return True
    return layers != [8, 3]


def last_batch_of_one_row_fails():
    if HEAD:
        return None
    try:
        cchvae([width(), 8, 3], batch_size=16)  # 65 rows
    except ValueError:
        return True
    return False


def csvae_loss_inverts_diagonal_matrices():
    return losses.dists is torch.distributions


SYMPTOMS = [
    counterfactuals_are_numbered_from_zero,
    rows_without_answer_reach_classifier,
    immutables_match_parts_of_names,
    mutable_mask_expects_one_column_a_category,
    rows_to_explain_are_read_only,
    category_is_not_one_level,
    wachter_indexes_with_a_float,
    growing_spheres_never_gives_up,
    growing_spheres_draws_columns_apart,
    growing_spheres_depends_on_hash_seed,
    face_starts_from_another_row,
    face_links_only_ones,
    face_answers_what_it_cannot_reach,
    face_needs_an_immutable,
    face_needs_many_rows,
    dice_writes_text_into_numbers,
    dice_loses_rows_without_answer,
    dice_asks_for_columns_the_classifier_lacks,
    wrong_backend_is_no_help,
    clue_sums_a_generator,
    clue_loads_weights_only,
    crud_needs_the_label,
    vae_layers_need_the_input_width,
    saved_vae_is_looked_for_under_another_width,
    last_batch_of_one_row_fails,
    rows_to_train_on_are_read_only,
    csvae_loss_inverts_diagonal_matrices,
    benchmark_pairs_wrong_rows,
    empty_rows_are_dropped_by_label,
    violations_need_equal_labels,
    violations_need_columns_nobody_has,
]
NAMES = [symptom.__name__ for symptom in SYMPTOMS]


def csvae_losses_and_gradients() -> list[float]:
    """What CRUD's loss gives on fixed inputs: its six parts, and the length of the gradient."""
    torch.manual_seed(0)
    mask = [np.ones(6, dtype=bool)] if HEAD else []
    model = CSVAE("toy", [6, 5, 4], *mask)
    x = torch.rand(7, 6)
    y = torch.eye(2)[torch.arange(7) % 2]
    torch.manual_seed(1)
    parts = losses.csvae_loss(model, x, y)
    (parts[0] + parts[-1]).backward()
    gradients = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    return [*(float(part.detach()) for part in parts), float(gradients.norm())]


def main() -> None:
    found = {}
    for symptom in SYMPTOMS:
        try:
            found[symptom.__name__] = symptom()
        except Exception as error:  # said, not hidden: a test compares with True, False and None
            found[symptom.__name__] = f"{type(error).__name__}: {error}"
    loss = csvae_losses_and_gradients()
    json.dump(
        {"symptoms": found, "csvae": loss, "applied": list(registry.applied()), "head": HEAD},
        sys.stdout,
        default=bool,
    )


if __name__ == "__main__":
    main()

"""Each function has the name of a repair and tells whether its symptom is there. Run as a script it prints them all.

The tests run it twice: with the repairs, where no symptom may be left, and without them, where each must appear.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import logging
import os
import pickle
import tempfile
import urllib.request
import warnings
from pathlib import Path
from urllib.error import URLError

os.environ["CF_DATA"] = tempfile.mkdtemp()
os.environ["CF_MODELS"] = tempfile.mkdtemp()
EARLY_LOGGER = logging.getLogger("made.before.carla")


def _unreachable(*args, **kwargs):
    raise URLError("no network in a test")


urllib.request.urlopen = urllib.request.urlretrieve = _unreachable  # before CARLA takes them

import numpy as np  # noqa: E402
from people import people  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder  # noqa: E402

import carla_genre  # noqa: E402

from carla.data.catalog import CsvCatalog, OnlineCatalog, load_data  # noqa: E402
from carla.data.causal_model import synthethic_data  # noqa: E402
from carla.data.pipelining import steps, transformers  # noqa: E402
from carla.models.catalog import MLModelCatalog, load_model  # noqa: E402
from carla.recourse_methods.processing import merge_default_parameters  # noqa: E402

FOLDER = Path(tempfile.mkdtemp())
TRAINING = {"learning_rate": 0.01, "epochs": 1, "batch_size": 64, "hidden_size": [4, 4]}


def numbers(seed: int = 0) -> CsvCatalog:
    """A catalog of two continuous features, which needs no encoder."""
    path = FOLDER / f"numbers_{seed}.csv"
    people(seed=seed)[["age", "hours", "y"]].to_csv(path, index=False)
    return CsvCatalog(str(path), [], ["age", "hours"], [], "y", encoding_method="Identity")


def trained(
    seed: int = 0, model_type: str = "linear", backend: str = "pytorch", **training
) -> MLModelCatalog:
    model = MLModelCatalog(numbers(seed), model_type, backend=backend, load_online=False)
    model.train(**{**TRAINING, **training})
    return model


def one_hot_encoder_lacks_sparse() -> bool:
    try:
        encoder = transformers.fit_encoder("OneHot", people()[["sex", "job"]])
    except TypeError:
        return True
    return not hasattr(encoder, "get_feature_names")


def unknown_preprocessing_is_identity() -> bool:
    try:
        transformers.fit_scaler("MinMaks", people()[["age"]])
    except ValueError:
        return False
    return True


def identity_encoding_cannot_be_decoded() -> bool:
    try:
        return not steps.decode(FunctionTransformer(), ["sex"], people()).equals(people())
    except AttributeError:
        return True


def catalog_encoder_lacks_feature_names() -> bool:
    catalog = numbers()
    catalog.encoder = OneHotEncoder().fit(people()[["sex"]])
    return not hasattr(catalog.encoder, "get_feature_names")


def csv_catalog_splits_at_random() -> bool:
    return not numbers().df_train.equals(numbers().df_train)


def catalogs_cannot_be_pickled() -> bool:
    catalog = numbers()
    try:
        again = pickle.loads(pickle.dumps(catalog))
    except (AttributeError, pickle.PicklingError):
        return True
    return not again.transform(people()).equals(catalog.transform(people()))


def data_set_names_are_asked_of_github() -> bool:
    try:
        return "compas" not in load_data.get_dataset_names()
    except URLError:
        return True


def failed_data_download_is_no_help() -> bool:
    try:
        OnlineCatalog("compas")
    except URLError:
        return True
    except ValueError as error:
        return "CF_DATA" not in str(error) or "compas_train.csv" not in str(error)
    return True


def failed_classifier_download_is_no_help() -> bool:
    try:
        load_model.load_online_model("ann", "compas", "pt")
    except URLError:
        return True
    except ValueError as error:
        return "CF_MODELS" not in str(error) or "ann.pt" not in str(error)
    return True


def cached_classifier_is_of_other_data() -> bool:
    first = trained(seed=1, model_type="forest", backend="sklearn")
    second = trained(seed=2, model_type="forest", backend="sklearn")
    rows = first.data.df
    return bool(np.array_equal(first.predict_proba(rows), second.predict_proba(rows)))


def feature_order_is_not_str() -> bool:
    model = MLModelCatalog(numbers(), "linear", backend="pytorch", load_online=False)
    return any(type(name) is not str for name in model.feature_input_order)


def torch_loads_weights_only() -> bool:
    trained(seed=3, force_train=True)
    try:
        trained(seed=3)
    except Exception as error:  # torch's UnpicklingError
        return "weights_only" in str(error)
    return False


def xgboost_fit_takes_no_eval_metric() -> bool:
    try:
        trained(model_type="forest", backend="xgboost")
    except TypeError:
        return True
    return False


@functools.cache  # torch gives such a warning once a process
def _warnings_of_a_prediction() -> str:
    model = trained(seed=4, force_train=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.predict_proba(model.data.df)
    return " ".join(str(warning.message) for warning in caught)


def softmax_has_no_dimension() -> bool:
    return "softmax" in _warnings_of_a_prediction()


def torch_dislikes_frame_values() -> bool:
    if "not writable" in _warnings_of_a_prediction():  # pandas 3
        return True
    model = trained(seed=4, force_train=True)
    try:
        model.predict_proba(model.data.df.astype(object))
    except TypeError:
        return True
    return False


def merging_defaults_shares_and_drops() -> bool:
    given, default = {}, {"vae": {"layers": [1, 2]}}
    merged = merge_default_parameters(given, default)
    return bool(given) or merged["vae"]["layers"] is default["vae"]["layers"]


def frame_columns_are_a_set() -> bool:
    try:
        return list(synthethic_data.pd.DataFrame(np.zeros((2, 1)), columns={"label"}).columns) != ["label"]
    except ValueError:
        return True


def importing_carla_sets_up_logging() -> bool:
    return EARLY_LOGGER.disabled


SYMPTOMS = [
    softmax_has_no_dimension,
    torch_dislikes_frame_values,
    one_hot_encoder_lacks_sparse,
    unknown_preprocessing_is_identity,
    identity_encoding_cannot_be_decoded,
    catalog_encoder_lacks_feature_names,
    catalogs_cannot_be_pickled,
    csv_catalog_splits_at_random,
    data_set_names_are_asked_of_github,
    failed_data_download_is_no_help,
    failed_classifier_download_is_no_help,
    cached_classifier_is_of_other_data,
    feature_order_is_not_str,
    torch_loads_weights_only,
    xgboost_fit_takes_no_eval_metric,
    merging_defaults_shares_and_drops,
    frame_columns_are_a_set,
    importing_carla_sets_up_logging,
]


def main() -> None:
    found = {}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for symptom in SYMPTOMS:
            found[symptom.__name__] = bool(symptom())
    applied = carla_genre.carla_compat.report().applied
    print(json.dumps({"symptoms": found, "applied": sorted(applied)}))


if __name__ == "__main__":
    main()

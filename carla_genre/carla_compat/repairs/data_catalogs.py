"""The data catalogs: reproducible splits, and downloads that say what to do where there is no network."""

from __future__ import annotations

import inspect
import os
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from carla_genre.carla_compat.registry import around, repair
from carla_genre.errors import InputError
from carla_genre.io import whole_file

#: The seed of a CsvCatalog's split where the user names none.
SPLIT_SEED = 42

_split_seed: ContextVar[int | None] = ContextVar("split_seed", default=SPLIT_SEED)

_LOAD_DATA = "carla.data.catalog.load_data"


@repair("carla.data.catalog.csv_catalog")
def csv_catalog_splits_at_random(module: ModuleType) -> bool:
    """`CsvCatalog` splits train and test with no seed: it takes `random_state`, 42 by default, None for CARLA's way."""
    catalog = module.CsvCatalog
    if "random_state" in inspect.signature(catalog.__init__).parameters:
        return False
    parameters = list(inspect.signature(catalog.__init__).parameters.values())

    @around(module, "train_test_split")
    def train_test_split(original_split: Any, *arrays: Any, **options: Any) -> Any:
        return original_split(*arrays, **{"random_state": _split_seed.get(), **options})

    @around(catalog, "__init__")
    def __init__(
        original_init: Any, self: Any, *args: Any, random_state: int | None = SPLIT_SEED, **options: Any
    ) -> None:
        token = _split_seed.set(random_state)
        try:
            original_init(self, *args, **options)
        finally:
            _split_seed.reset(token)

    seed = inspect.Parameter("random_state", inspect.Parameter.KEYWORD_ONLY, default=SPLIT_SEED)
    __init__.__signature__ = inspect.Signature([*parameters, seed])  # type: ignore[attr-defined]
    return True


@repair("carla.data.catalog.catalog")
def catalogs_cannot_be_pickled(module: ModuleType) -> bool:
    """A catalog, and what holds one, cannot be pickled: its pipelines are lambdas. They are left out and made anew."""
    catalog = module.DataCatalog
    pipelines = {
        "_pipeline": "_DataCatalog__init_pipeline",
        "_inverse_pipeline": "_DataCatalog__init_inverse_pipeline",
    }
    if "__getstate__" in vars(catalog) or not all(hasattr(catalog, name) for name in pipelines.values()):
        return False

    def __getstate__(self: Any) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in pipelines}

    def __setstate__(self: Any, state: dict[str, Any]) -> None:
        vars(self).update(state)
        vars(self).update({name: getattr(self, build)() for name, build in pipelines.items()})

    catalog.__getstate__, catalog.__setstate__ = __getstate__, __setstate__
    return True


@repair(_LOAD_DATA)
def data_set_names_are_asked_of_github(module: ModuleType) -> bool:
    """A missing file makes CARLA read its names off a GitHub page: they are taken from its own catalog instead."""

    def get_dataset_names() -> list[str]:
        """Names of the data sets of CARLA's own catalog; needs no network."""
        import yaml

        import carla

        with open(os.path.join(carla.lib_path, "data_catalog.yaml")) as file:
            return sorted(yaml.safe_load(file))

    module.get_dataset_names = get_dataset_names  # type: ignore[attr-defined]
    return True


@repair(_LOAD_DATA)
def failed_data_download_is_no_help(module: ModuleType) -> bool:
    """Without a network `OnlineCatalog` ends in a URLError: the error names the files and where to put them."""
    around(module, "urlretrieve")(whole_file_or_none)

    @around(module, "load_dataset")
    def load_dataset(
        original_load: Any, name: str, cache: bool = True, data_home: str | None = None, **kws: Any
    ) -> Any:
        try:
            return original_load(name, cache, data_home, **kws)
        except OSError as failure:
            if not cache:
                raise
            folder = module.get_data_home(data_home)
            files = [f"{name}{part}.csv" for part in ("", "_train", "_test")]
            missing = [file for file in files if not os.path.exists(os.path.join(folder, file))]
            if not missing:
                raise
            raise InputError(
                f"the data set {name!r} is not in {folder} and cannot be downloaded ({failure}). Put "
                f"{', '.join(missing)} of github.com/carla-recourse/cf-data there, or let the environment "
                f"variable CF_DATA name a folder that has them"
            ) from failure

    return True


def whole_file_or_none(urlretrieve: Any, url: str, filename: str, *args: Any, **kws: Any) -> Any:
    """Download into a file of its own first: an interrupted download leaves nothing that looks complete."""
    with whole_file(filename) as part:
        _, headers = urlretrieve(url, str(part), *args, **kws)
    return filename, headers

"""scikit-learn's encoders with the two things that CARLA asks of those of 2020.

CARLA builds ``OneHotEncoder(sparse=False)`` and calls ``get_feature_names``; both are gone from scikit-learn 1.4.
These are subclasses for CARLA's catalogs only: scikit-learn's own classes stay as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder


class CatalogOneHotEncoder(OneHotEncoder):  # type: ignore[misc]  # scikit-learn has no types
    """A dense OneHotEncoder with ``get_feature_names``; its names are ``str``, not ``numpy.str_``."""

    def get_feature_names(self, input_features: Sequence[str] | None = None) -> np.ndarray:
        """Names of the encoded columns, ``<feature>_<category>``; the features are by default those seen in fit."""
        nameless: Any = copy.copy(self)
        if input_features is not None:
            vars(nameless).pop("feature_names_in_", None)  # scikit-learn would take no others
        return _text(nameless.get_feature_names_out(input_features))


class CatalogIdentity(FunctionTransformer):  # type: ignore[misc]  # scikit-learn has no types
    """A FunctionTransformer that changes nothing; the names of its columns are the features' own."""

    def get_feature_names(self, input_features: Sequence[str] | None = None) -> np.ndarray:
        """The names given, or those seen in fit."""
        return _text(getattr(self, "feature_names_in_", ()) if input_features is None else input_features)


def one_hot_encoder(**params: Any) -> CatalogOneHotEncoder:
    """``OneHotEncoder(...)`` as CARLA calls it: ``sparse`` is today's ``sparse_output``."""
    if "sparse" in params:
        params["sparse_output"] = params.pop("sparse")
    return CatalogOneHotEncoder(**params)


def as_catalog_encoder(encoder: Any) -> Any:
    """The encoder that a catalog can work with, equal to the one given, which is not changed.

    A OneHotEncoder of scikit-learn, fitted or not, becomes a dense `CatalogOneHotEncoder` with the same state; anything
    that has ``get_feature_names``, or cannot have it, is handed back.
    """
    if hasattr(encoder, "get_feature_names"):
        return encoder
    twin = copy.copy(encoder)
    if isinstance(encoder, OneHotEncoder):
        twin.__class__, twin.sparse_output = CatalogOneHotEncoder, False
    elif isinstance(encoder, FunctionTransformer):
        twin.__class__ = CatalogIdentity
    else:
        return encoder
    return twin


def encoded_names(encoder: Any, features: Sequence[str]) -> list[str]:
    """Names of the columns that an encoder of `as_catalog_encoder` makes of `features`."""
    names = getattr(encoder, "get_feature_names", None) or encoder.get_feature_names_out
    return [str(name) for name in names(features)]


def _text(names: Any) -> np.ndarray:
    return np.array([str(name) for name in names], dtype=object)

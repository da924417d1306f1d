"""Scaling and encoding: ``carla.data.pipelining`` and the catalogs that use it."""

from __future__ import annotations

from functools import wraps
from types import ModuleType
from typing import Any

from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.registry import repair
from carla_genre.errors import InputError
from carla_genre.suggestions import did_you_mean

_TRANSFORMERS = "carla.data.pipelining.transformers"
_STEPS = "carla.data.pipelining.steps"


@repair(_TRANSFORMERS)
def one_hot_encoder_lacks_sparse(module: ModuleType) -> bool:
    """`OneHotEncoder(sparse=)` and `get_feature_names` are gone (scikit-learn 1.2, 1.4): CARLA gets both."""
    from carla_genre.carla_compat import encoders

    names = {"OneHotEncoder": encoders.one_hot_encoder, "FunctionTransformer": encoders.CatalogIdentity}
    module.preprocessing = OverlayModule(module.preprocessing, names)  # type: ignore[attr-defined]
    return True


@repair(_TRANSFORMERS)
def unknown_preprocessing_is_identity(module: ModuleType) -> bool:
    """`fit_scaler` and `fit_encoder` take any unknown name for "Identity" (`elif x is None or "Identity"`): raise."""
    fits = {
        "fit_scaler": ("scaling_method", ("MinMax", "Standard", "Identity")),
        "fit_encoder": ("encoding_method", ("OneHot", "OneHot_drop_binary", "Identity")),
    }
    for name, (argument, known) in fits.items():
        setattr(module, name, _checked_fit(getattr(module, name), argument, known))
    return True


def _checked_fit(fit: Any, argument: str, known: tuple[str, ...]) -> Any:
    @wraps(fit)
    def checked(method: Any, df: Any) -> Any:
        if method is None:
            method = "Identity"
        if not isinstance(method, str):
            if not hasattr(method, "fit"):
                raise InputError(
                    f"{argument}: expected one of {known} or a scikit-learn transformer, got {method!r}"
                )
            return method.fit(df)
        if method not in known:
            raise InputError(f"{argument}: {method!r} is not one of {known}.{did_you_mean(method, known)}")
        if df.shape[1] == 0:  # scikit-learn cannot fit a frame without columns
            method = "Identity"
        return fit(method, df)

    return checked


@repair(_STEPS)
def identity_encoding_cannot_be_decoded(module: ModuleType) -> bool:
    """`inverse_transform` asks the identity encoding for `get_feature_names`: decode by what the encoder is.

    The same goes for an encoder of scikit-learn that a user hands in, and for rows of NaN (no recourse found), which
    stay NaN instead of becoming each feature's first category.
    """
    module.encode, module.decode = _encode, _decode  # type: ignore[attr-defined]
    return True


def _encode(fitted_encoder: Any, features: list[str], df: Any) -> Any:
    """`df` with the columns `features` replaced by their encoding."""
    import pandas as pd

    from carla_genre.carla_compat.encoders import as_catalog_encoder, encoded_names

    if not features or _is_identity(fitted_encoder):
        return df.copy()
    encoder = as_catalog_encoder(fitted_encoder)
    values = encoder.transform(df[features])
    encoded = pd.DataFrame(_dense(values), index=df.index, columns=encoded_names(encoder, features))
    return pd.concat([df.drop(columns=features), encoded], axis=1)


def _decode(fitted_encoder: Any, features: list[str], df: Any) -> Any:
    """`df` with the encoding of `features` replaced by the features themselves."""
    import numpy as np
    import pandas as pd

    from carla_genre.carla_compat.encoders import as_catalog_encoder, encoded_names

    if not features or _is_identity(fitted_encoder):
        return df.copy()
    encoder = as_catalog_encoder(fitted_encoder)
    encoded = encoded_names(encoder, features)
    known = df[encoded].notna().all(axis=1).to_numpy()
    levels = np.full((len(df), len(features)), np.nan, dtype=object)
    if known.any():
        levels[known] = encoder.inverse_transform(df.loc[known, encoded].to_numpy())
    decoded = pd.DataFrame(levels, index=df.index, columns=features).infer_objects()
    return pd.concat([df.drop(columns=encoded), decoded], axis=1)


def _is_identity(encoder: Any) -> bool:
    from sklearn.preprocessing import FunctionTransformer

    return isinstance(encoder, FunctionTransformer) and encoder.func is None


def _dense(values: Any) -> Any:
    return values.toarray() if hasattr(values, "toarray") else values


@repair("carla.data.catalog.catalog")
def catalog_encoder_lacks_feature_names(module: ModuleType) -> bool:
    """`catalog.encoder.get_feature_names` is gone from scikit-learn's encoders (1.2): catalogs hold one that has it."""
    from carla_genre.carla_compat.encoders import as_catalog_encoder

    catalog = module.DataCatalog
    original = catalog.encoder

    def set_encoder(self: Any, encoder: Any) -> None:
        original.fset(self, as_catalog_encoder(encoder))

    catalog.encoder = original.setter(set_encoder)
    return True

"""Which trained classifier belongs to which data: the names of the files in CARLA's cache of classifiers."""

from __future__ import annotations

import hashlib
from typing import Any


def training_digest(mlmodel: Any, **architecture: Any) -> str:
    """A short digest of all that decides what a classifier was trained on.

    Parameters
    ----------
    mlmodel : carla.MLModelCatalog
        Its training rows (scaled and encoded, so that roles, scaling and encoding count), their columns in the
        classifier's order and the target.
    **architecture
        What CARLA's own file name leaves out of the classifier's shape.

    Returns
    -------
    str
        Twelve hexadecimal digits, the same in every process.
    """
    import numpy as np
    import pandas as pd

    columns = [*mlmodel.feature_input_order, mlmodel.data.target]
    rows = mlmodel.data.df_train[columns]
    # Numbers as doubles: whether a file was read as int or float is no other data set.
    rows = rows.astype(dict.fromkeys(rows.select_dtypes(["number", "bool"]), "float64"))
    digest = hashlib.sha256(repr([str(column) for column in columns]).encode())
    digest.update(repr(sorted(architecture.items())).encode())
    hashes = pd.util.hash_pandas_object(rows, index=False)
    digest.update(np.sort(hashes.to_numpy()).tobytes())
    return digest.hexdigest()[:12]

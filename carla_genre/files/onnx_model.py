"""A user's model in an ONNX file, asked about frames of raw rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from carla_genre.errors import InputError
from carla_genre.loading import load_extra

# ONNX's types of tensors -> numpy's.
NUMBERS = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}
TEXT = "tensor(string)"


class OnnxModel:
    """A function of a frame (n, features): what the file's graph says of its rows, (n,) or (n, classes).

    Each input of the graph is a column by its name, or the only input is all columns in their order. The
    probabilities are the output of several columns, or that of maps from class to probability; their classes are in
    the order of the table's labels, as scikit-learn sorts them.

    Attributes
    ----------
    feature_names_in_ : list of str
        The inputs; there is none where one tensor takes all columns.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._content = Path(path).read_bytes()
        self._start()

    def _start(self) -> None:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = 1  # the same sums in each process
        self._session = self._runtime.InferenceSession(
            self._content, options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {one.name: one for one in self._session.get_inputs()}
        widths = [(one.shape or [None])[-1] for one in self._inputs.values()]
        self._as_columns = len(widths) > 1 or widths == [1]
        if self._as_columns:
            self.feature_names_in_ = list(self._inputs)
        wrong = [one.type for one in self._inputs.values() if one.type not in (*NUMBERS, TEXT)]
        if wrong:
            raise InputError(
                f"the model {self.path} has an input of type {wrong[0]}: a frame has no such column"
            )

    @property
    def _runtime(self) -> Any:
        return load_extra("onnx", "an ONNX model", "onnxruntime")

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_content": self._content}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    @property
    def classifies(self) -> bool:
        """Whether it has an output of several probabilities."""
        return len(self._session.get_outputs()) > 1

    def __call__(self, rows: pd.DataFrame) -> np.ndarray:
        """Ask about raw rows (n, features)."""
        outputs = self._session.run(None, self._columns(rows) if self._as_columns else self._tensor(rows))
        return _probabilities(outputs, self.path)

    def _columns(self, rows: pd.DataFrame) -> dict[str, np.ndarray]:
        return {name: _cells(rows[[name]], one.type, self.path) for name, one in self._inputs.items()}

    def _tensor(self, rows: pd.DataFrame) -> dict[str, np.ndarray]:
        ((name, one),) = self._inputs.items()
        width = one.shape[-1] if one.shape else None
        if isinstance(width, int) and width != rows.shape[1]:
            raise InputError(
                f"the model {self.path} takes {width} columns in one tensor, the rows have {rows.shape[1]}: "
                f"{list(rows.columns)}"
            )
        return {name: _cells(rows, one.type, self.path)}


class OnnxClassifier(OnnxModel):
    """A model that gives the probability of each class."""

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        """The probabilities (n, classes) of raw rows (n, features)."""
        return self(rows)


def load_onnx(path: str) -> OnnxModel:
    """Read a file.

    Raises
    ------
    InputError
        There is no such file, or it is no ONNX model of raw rows.
    MissingDependencyError
        onnxruntime is not installed.
    """
    try:
        model = OnnxModel(path)
        return OnnxClassifier(path) if model.classifies else model
    except (InputError, ImportError):
        raise
    except Exception as error:  # onnxruntime's are of many kinds
        raise InputError(f"the model {path} cannot be loaded: {error}") from error


def _cells(rows: pd.DataFrame, kind: str, path: str) -> np.ndarray:
    """Cells (n, k) in the type of an input; a missing text is an empty one."""
    if kind == TEXT:
        texts: np.ndarray = rows.astype(object).where(rows.notna(), "").astype(str).to_numpy(dtype=object)
        return texts
    dtype = NUMBERS[kind]
    if not issubclass(dtype, np.floating) and rows.isna().any(axis=None):
        names = [str(name) for name in rows.columns[rows.isna().any()]]
        raise InputError(f"the model {path} takes whole numbers, {names} have gaps")
    try:
        if issubclass(dtype, np.floating):
            numbers: np.ndarray = rows.to_numpy(dtype=float).astype(dtype)
            return numbers
        return np.stack([_exactly(rows[name], dtype, path) for name in rows], axis=1)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the model {path} takes numbers for {[str(name) for name in rows.columns]}: {error}"
        ) from error


def _exactly(column: pd.Series, dtype: Any, path: str) -> np.ndarray:
    """Cells (n,) as whole numbers or flags; none is cut, for the model would be asked about another row."""
    whole = types.is_integer_dtype(column.dtype) and not types.is_unsigned_integer_dtype(column.dtype)
    given = column.to_numpy(dtype=np.int64 if whole else float)
    with np.errstate(invalid="ignore"):  # of infinity, which is told as well
        cells: np.ndarray = given.astype(dtype)
    other = cells.astype(given.dtype) != given
    if other.any():
        kind = "flags" if dtype is np.bool_ else f"whole numbers of {np.dtype(dtype).itemsize * 8} bits"
        raise InputError(
            f"the model {path} takes {kind} for {column.name!r}, {column[other].iloc[0]!r} is none"
        )
    return cells


def _probabilities(outputs: list[Any], path: str) -> np.ndarray:
    """The last output that is numbers: of several columns, of maps, or of one number a row."""
    for output in reversed(outputs):
        if isinstance(output, list) and output and isinstance(output[0], dict):
            return np.array([[row[name] for name in sorted(row)] for row in output], dtype=float)
        if isinstance(output, np.ndarray) and np.issubdtype(output.dtype, np.floating):
            return output.astype(float)
    raise InputError(
        f"the model {path} gives no probabilities, but {[type(one).__name__ for one in outputs]}"
    )

"""causalgraphicalmodels and recourse: packages that nobody repairs any more, shown on small ones of the same names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import carla_genre  # noqa: F401

from carla.data.causal_model import synthethic_data

Package = Callable[[str, dict[str, str]], Path]

CAUSAL = {
    "__init__.py": "from causalgraphicalmodels.cgm import is_iterable, OrderedDict, zero",
    "cgm.py": """
        from collections import Iterable, OrderedDict
        import collections
        import numpy as np

        zero = np.float(0)

        def is_iterable(value):
            from collections import Mapping
            return isinstance(value, Iterable) and not isinstance(value, Mapping)
        """,
}
USE_CAUSAL = """
    import collections, json, sys
    sys.path.insert(0, {folder!r})
    import carla_genre
    try:
        import causalgraphicalmodels as cgm
        result = [cgm.is_iterable([]), cgm.is_iterable({{}}), cgm.is_iterable(1), cgm.zero]
        assert cgm.OrderedDict is collections.OrderedDict
        assert cgm.cgm.collections is collections
    except (ImportError, AttributeError) as error:
        result = str(error)
    import numpy
    assert not hasattr(collections, "Iterable") and not hasattr(numpy, "float")
    print(json.dumps(result))
"""


@pytest.mark.parametrize(
    ("disable", "expected"),
    [
        ((), [True, False, False, 0.0]),
        (("collections_lacks_abstract_classes",), "cannot import name 'Iterable' from 'collections'"),
        (("numpy_lacks_builtin_aliases",), "module 'numpy' has no attribute 'float'"),
    ],
)
def test_causalgraphicalmodels_finds_what_it_imports(
    run_python: Any, package: Package, disable: tuple[str, ...], expected: Any
) -> None:
    folder = package("causalgraphicalmodels", CAUSAL)
    result = run_python(USE_CAUSAL.format(folder=str(folder)), disable=disable)
    assert result == expected or str(result).startswith(str(expected))


RECOURSE = {
    "__init__.py": "from recourse.flipset import Flipset",
    "flipset.py": """
        import pandas as pd

        class Flipset:
            def __init__(self):
                self._df = pd.DataFrame(columns=["cost", "features"])

            def _item_to_df_row(self, item):
                return {"cost": float(item["cost"]), "features": ["age"]}

            def _add_to_df(self, items):
                if len(items) > 0:
                    rows = [self._item_to_df_row(item) for item in items]
                    self._df = self._df.append(rows, ignore_index=True, sort=True)[self._df.columns.tolist()]
                    self.sort()

            def sort(self):
                self._df = self._df.sort_values(by="cost").reset_index(drop=True)
        """,
}
USE_RECOURSE = """
    import json, sys
    sys.path.insert(0, {folder!r})
    import carla_genre
    import recourse
    flips = recourse.Flipset()
    try:
        for costs in ([3, 1], [], [2]):
            flips._add_to_df([{{"cost": cost}} for cost in costs])
        result = flips._df.to_dict("list")
    except AttributeError as error:
        result = str(error)
    print(json.dumps(result))
"""


@pytest.mark.skipif(hasattr(pd.DataFrame, "append"), reason="this pandas still has DataFrame.append")
@pytest.mark.parametrize(
    ("disable", "expected"),
    [
        ((), {"cost": [1.0, 2.0, 3.0], "features": [["age"]] * 3}),
        (("flipset_appends_to_a_frame",), "'DataFrame' object has no attribute 'append'"),
    ],
)
def test_recourse_joins_its_rows(
    run_python: Any, package: Package, disable: tuple[str, ...], expected: Any
) -> None:
    folder = package("recourse", RECOURSE)
    assert run_python(USE_RECOURSE.format(folder=str(folder)), disable=disable) == expected


def test_frames_take_a_set_of_columns_there_and_nowhere_else() -> None:
    values = np.arange(4).reshape(2, 2)
    frame = synthethic_data.pd.DataFrame(data=values, columns={"b", "a"})
    assert list(frame.columns) == ["a", "b"]
    assert isinstance(frame, pd.DataFrame)
    assert synthethic_data.pd.concat is pd.concat
    with pytest.raises(ValueError, match="set"):
        pd.DataFrame(values, columns={"b", "a"})

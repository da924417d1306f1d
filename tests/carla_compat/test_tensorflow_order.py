"""TensorFlow and triton in one process, in any order, and nothing of either before it is asked for."""

from __future__ import annotations

import os
import platform
from importlib.util import find_spec
from textwrap import dedent
from typing import Any

import pytest

from carla_genre.carla_compat.tensorflow_order import SYMPTOM

needs_both = pytest.mark.skipif(
    any(find_spec(package) is None for package in ("tensorflow", "triton", "torch")),
    reason="needs TensorFlow, triton and torch, and one is not installed",
)
needs_tensorflow = pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow")
linux_only = pytest.mark.skipif(
    not hasattr(os, "RTLD_DEEPBIND"), reason="symbols are shared among libraries on Linux only"
)

#: Stands for TensorFlow and triton where only the order of loading is looked at.
PRETENDED = {
    "__init__.py": "",
    "_C/__init__.py": "",
    "_C/libtriton.py": "import sys; EARLIER = 'tensorflow.python' in sys.modules",
}
OBSERVE = dedent("""
    import json, os, sys
    from importlib.machinery import SourceFileLoader
    flags = []
    create = SourceFileLoader.create_module
    def observed(self, spec):
        if spec.name == "triton._C.libtriton":
            flags.append(sys.getdlopenflags())
        return create(self, spec)
    SourceFileLoader.create_module = observed
    usual = sys.getdlopenflags()
""")


@pytest.fixture
def pretended(package: Any) -> Any:
    """A folder with a triton and a TensorFlow that carry no library."""
    package("triton", PRETENDED)
    tensorflow = {
        "__init__.py": "import sys; TRITON = 'triton._C.libtriton' in sys.modules; import tensorflow.python"
    }
    return package("tensorflow", {**tensorflow, "python.py": ""})


def test_importing_carla_genre_imports_neither_framework(run_python: Any) -> None:
    code = """
        import json, sys
        import carla_genre
        print(json.dumps(sorted({"tensorflow", "keras", "torch", "triton", "carla"} & set(sys.modules))))
    """
    assert run_python(code) == []


def test_triton_goes_first_where_tensorflow_is_imported_later(run_python: Any, pretended: Any) -> None:
    code = """
        import carla_genre, tensorflow, triton._C.libtriton as library
        print(json.dumps([tensorflow.TRITON, library.EARLIER, flags == [usual], sys.getdlopenflags() == usual]))
    """
    assert run_python(OBSERVE + dedent(code), paths=(pretended,)) == [True, False, True, True]


@linux_only
def test_triton_keeps_to_its_own_symbols_where_tensorflow_came_first(run_python: Any, pretended: Any) -> None:
    code = """
        import tensorflow, carla_genre, triton._C.libtriton as library
        deep = [flag == usual | os.RTLD_DEEPBIND for flag in flags]
        print(json.dumps([tensorflow.TRITON, library.EARLIER, deep, sys.getdlopenflags() == usual]))
    """
    assert run_python(OBSERVE + dedent(code), paths=(pretended,)) == [False, True, [True], True]


@pytest.mark.skipif(platform.system() != "Linux", reason="elsewhere a library's symbols are its own")
def test_an_order_that_cannot_be_made_safe_is_refused(run_python: Any, pretended: Any) -> None:
    code = """
        vars(os).pop("RTLD_DEEPBIND", None)
        import tensorflow, carla_genre
        try:
            import triton._C.libtriton
        except ImportError as error:
            print(json.dumps([str(error), "triton._C.libtriton" in sys.modules]))
    """
    message, loaded = run_python(OBSERVE + dedent(code), paths=(pretended,))
    assert "before `import tensorflow`" in message
    assert not loaded


def test_tensorflow_does_not_need_triton(run_python: Any, package: Any) -> None:
    folder = package("tensorflow", {"__init__.py": "import sys; TRITON = 'triton' in sys.modules"})
    package("triton", {"__init__.py": "raise RuntimeError('broken')"})
    code = "import json, carla_genre, tensorflow; print(json.dumps([tensorflow.TRITON, tensorflow.__name__]))"
    assert run_python(code, paths=(folder,)) == [False, "tensorflow"]


def test_looking_for_tensorflow_imports_nothing(run_python: Any, pretended: Any) -> None:
    code = """
        import carla_genre
        from importlib.util import find_spec
        found = find_spec("tensorflow") is not None
        print(json.dumps([found, "triton" in sys.modules, "tensorflow" in sys.modules]))
    """
    assert run_python(OBSERVE + dedent(code), paths=(pretended,)) == [True, False, False]


@needs_both
@pytest.mark.parametrize(
    "order",
    ["tensorflow, carla_genre, torch", "torch, tensorflow, carla_genre", "carla_genre, tensorflow, torch"],
)
def test_no_order_kills_the_process(run_python: Any, order: str) -> None:
    code = f"""
        import {order}
        step = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))])  # imports torch._dynamo, and that triton
        import torch._dynamo, triton, json
        print(json.dumps(float(tensorflow.constant(1.0) + 1)))
    """
    assert run_python(code) == 2.0


@needs_tensorflow
def test_the_symptom_can_be_left_alone(run_python: Any) -> None:
    """The switch that shows what happens without this: here, that TensorFlow is then loaded without triton."""
    code = "import json, sys, carla_genre, tensorflow; print(json.dumps('triton' in sys.modules))"
    assert run_python(code, disable=(SYMPTOM,)) is False

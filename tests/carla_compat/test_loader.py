"""The import hook: what it wraps, what it leaves alone, and the order in which carla and carla_genre are imported."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import carla_genre
from carla_genre.carla_compat import loader, registry

import carla

Package = Callable[[str, dict[str, str]], Path]


def test_install_is_idempotent() -> None:
    before = list(sys.meta_path)
    carla_genre.carla_compat.install()
    carla_genre.carla_compat.install()
    assert sys.meta_path == before
    assert sum(isinstance(finder, loader.CarlaFinder) for finder in sys.meta_path) == 1


def test_every_module_of_carla_is_wrapped_and_no_other() -> None:
    modules = {name: module for name, module in sys.modules.items() if isinstance(module, type(sys))}
    wrapped = {
        name
        for name, module in modules.items()
        if isinstance(getattr(getattr(module, "__spec__", None), "loader", None), loader.RepairingLoader)
    }
    assert {name for name in modules if name == "carla" or name.startswith("carla.")} <= wrapped
    assert {name.partition(".")[0] for name in wrapped} <= set(registry.REPAIRABLE_PACKAGES)


def test_the_wrapped_loader_still_gives_the_source() -> None:
    import inspect

    from carla.data.pipelining import steps

    assert "def order_data" in inspect.getsource(steps)
    assert steps.__loader__.is_package("carla.data.pipelining.steps") is False
    assert importlib.util.find_spec("carla").origin == carla.__file__


def test_importing_carla_genre_is_cheap(run_python: Any) -> None:
    loaded = run_python(
        """
        import json, sys
        before = set(sys.modules)
        import carla_genre
        print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
        """
    )
    assert not {"carla", "numpy", "pandas", "sklearn", "tensorflow", "torch", "yaml"} & set(loaded)


def test_carla_first_and_failing_does_no_harm(run_python: Any) -> None:
    result = run_python(
        """
        import importlib, json, sys
        try:
            import carla
            failure = None
        except Exception as error:
            failure = type(error).__name__
        left = [name for name in sys.modules if name.startswith("carla.")]
        import carla_genre
        import carla
        from carla.data.catalog import CsvCatalog
        from carla.recourse_methods import Wachter
        from carla.recourse_methods.processing import counterfactuals
        given = {}
        importlib.reload(counterfactuals).merge_default_parameters(given, {"vae": {"epochs": 1}})
        report = carla_genre.carla_compat.report()
        print(json.dumps([failure, len(left), report.repaired_from_start, given]))
        """,
        warm=True,
    )
    failure, left, repaired, given = result
    assert failure is None or left > 0
    assert repaired is (failure is not None)
    assert given == {} or not repaired  # a module that is loaded again is repaired again


def test_carla_imported_before_stays_as_it_is(run_python: Any, package: Package) -> None:
    folder = package(
        "carla",
        {
            "__init__.py": "__version__ = '0.0.5'\nfrom . import data",
            "recourse_methods/__init__.py": "",
            "data/__init__.py": "",
            "data/later.py": "value = 1",
        },
    )
    assert run_python(
        """
        import json
        import carla
        first = carla.data
        import carla_genre
        import carla, carla.data.later
        report = carla_genre.carla_compat.report()
        assert carla.data is first
        print(json.dumps([report.repaired_from_start, report.applied, "left as it is" in str(report)]))
        """,
        paths=(folder,),
    ) == [False, {}, True]


ABSENT = """
    import importlib.util, json, sys
    import carla_genre
    assert importlib.util.find_spec("carla") is None
    errors = []
    for statement in ("import carla", "from carla.data.catalog import CsvCatalog", "import carla.models"):
        try:
            exec(statement)
        except ModuleNotFoundError as error:
            assert isinstance(error, carla_genre.MissingDependencyError)
            errors.append([error.name, str(error)])
    assert "carla" not in sys.modules
    print(json.dumps([errors, str(carla_genre.carla_compat.report())]))
"""


def test_without_carla_the_error_names_the_command(run_python: Any, repository: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(repository)!r})\n" + textwrap.dedent(ABSENT)
    errors, report = run_python(code, options=("-S", "-I"))
    assert len(errors) == 3
    for name, message in errors:
        assert name == "carla"
        assert "pip install --no-deps carla-recourse==0.0.5" in message
    assert report == "carla is not imported; nothing repaired"


def test_the_driving_simulator_is_left_alone(run_python: Any, package: Package) -> None:
    folder = package("carla", {"__init__.py": "Client = 1", "libcarla.py": "import math"})
    assert run_python(
        """
        import json
        import carla_genre
        import carla, carla.libcarla
        import math
        assert carla.libcarla.math is math
        from carla_genre.carla_compat.loader import RepairingLoader
        print(json.dumps([carla.Client, isinstance(carla.libcarla.__loader__, RepairingLoader)]))
        """,
        paths=(folder,),
    ) == [1, False]


def test_a_folder_of_that_name_is_not_carla(run_python: Any, package: Package, repository: Path) -> None:
    folder = package("carla", {"models/adult/notes.txt": "what CARLA caches in the user's home"})
    path = f"import sys; sys.path[:0] = [{str(repository)!r}, {str(folder)!r}]\n"
    errors, _ = run_python(
        path + textwrap.dedent(ABSENT.replace("is None", "is not None")), options=("-S", "-I")
    )
    assert len(errors) == 3


def test_a_users_own_package_named_recourse_is_left_alone(run_python: Any, package: Package) -> None:
    folder = package("recourse", {"__init__.py": "import math", "mine.py": "import math"})
    assert run_python(
        """
        import json
        import carla_genre
        import math, recourse, recourse.mine
        print(json.dumps([recourse.math is math, recourse.mine.math is math, recourse.__loader__.__class__.__name__]))
        """,
        paths=(folder,),
    ) == [True, True, "SourceFileLoader"]


def test_a_carla_in_a_zip_file_is_repaired(run_python: Any, package: Package) -> None:
    folder = package(
        "carla",
        {
            "__init__.py": "__version__ = '0.0.5'\nimport numpy as np\nvalue = np.float(2)",
            "recourse_methods/__init__.py": "import recourse_from_nowhere_that_is_required",
        },
    )
    archive = folder / "carla.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted((folder / "carla").rglob("*.py")):
            file.write(path, path.relative_to(folder))
    result = run_python(
        """
        import json
        import carla_genre
        import carla
        try:
            import carla.recourse_methods
        except ModuleNotFoundError as error:
            missing = error.name
        print(json.dumps([carla.value, missing, carla.__file__]))
        """,
        paths=(archive,),
    )
    assert result[:2] == [2.0, "recourse_from_nowhere_that_is_required"]
    assert "carla.zip" in result[2]


def test_the_report_says_which_carla_it_is() -> None:
    from carla import evaluation

    report = carla_genre.carla_compat.report()
    assert report.version == carla.__version__
    assert report.api == ("head" if hasattr(evaluation, "catalog") else "pypi")
    assert report.repaired_from_start
    assert report.disabled == []
    assert "repaired optional_package_is_absent: carla." in str(report) or importlib.util.find_spec(
        "recourse"
    )

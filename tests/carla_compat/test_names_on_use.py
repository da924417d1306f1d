"""What CARLA's methods and classifiers need is imported when they are used, not by ``import carla``."""

from __future__ import annotations

from typing import Any

# Packages that take long, or that are there with an extra only.
HEAVY = (
    *("dice_ml", "distributed", "faiss", "keras", "lightning_fabric", "lime", "matplotlib", "networkx"),
    *(
        "onnxruntime",
        "recourse",
        "seaborn",
        "sklearn.ensemble",
        "tensorflow",
        "torch",
        "treecf",
        "xgboost",
        "zuko",
    ),
)


def test_importing_carla_imports_no_heavy_package(run_python: Any) -> None:
    loaded = run_python(
        f"""
        import json, sys
        import carla_genre, carla
        print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
        """
    )
    assert loaded == []


def test_every_name_is_there_as_before(run_python: Any) -> None:
    code = """
        import json
        import carla_genre, carla, carla.recourse_methods as methods
        named = {"MLModelCatalog"} <= set(dir(carla)) and {"Wachter", "CEM", "catalog"} <= set(dir(methods))
        starred = {}
        exec("from carla.recourse_methods import *", starred)
        missing = [hasattr(package, "no_such_name") for package in (carla, methods)]
        from carla.models.catalog import MLModelCatalog
        from carla.recourse_methods.catalog.wachter import Wachter
        same = [
            carla.MLModelCatalog is MLModelCatalog,
            carla.models.MLModelCatalog is MLModelCatalog,
            methods.Wachter is Wachter,
            starred["Wachter"] is Wachter,
            methods.catalog.wachter.Wachter is Wachter,
            {"GrowingSpheres", "RecourseMethod"} <= set(starred),
        ]
        print(json.dumps([named, missing, same]))
        """
    assert run_python(code, warm=True) == [True, [False, False], [True] * 6]


def test_benchmark_knows_a_classifier_of_the_catalog_and_any_other(run_python: Any) -> None:
    code = """
        import json
        import carla_genre, carla
        from carla.evaluation import benchmark
        before = isinstance(object(), benchmark.MLModelCatalog)
        from carla.models.catalog import MLModelCatalog
        own = MLModelCatalog.__new__(MLModelCatalog)
        print(json.dumps([before, *(isinstance(h, benchmark.MLModelCatalog) for h in (own, object()))]))
        """
    assert run_python(code, warm=True) == [False, True, False]

"""No repair is seen outside CARLA: the libraries are the same, name by name, before and after CARLA is used."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from people import ROLES, csv_file

SNAPSHOT = """
    import builtins, collections, json, logging, logging.config, os, sys, types, urllib.request
    import joblib, numpy, pandas, sklearn, sklearn.ensemble, sklearn.model_selection, sklearn.preprocessing
    import torch, torch.nn, torch.serialization, yaml
    import torch._dynamo  # wraps torch.manual_seed when an optimizer first imports it
    optional = []
    for name in ("dice_ml", "lime", "matplotlib", "networkx", "xgboost"):
        try:
            optional.append(__import__(name))
        except ImportError:
            pass

    WATCHED = [
        builtins, collections, logging, logging.config, urllib.request, joblib, numpy, pandas, sklearn,
        sklearn.ensemble, sklearn.model_selection, sklearn.preprocessing, torch, torch.nn, torch.serialization,
        yaml, *optional,
        sklearn.preprocessing.OneHotEncoder, sklearn.preprocessing.FunctionTransformer, pandas.DataFrame,
        pandas.Index, numpy.ndarray, torch.nn.Softmax, torch.nn.Module,
    ]

    def snapshot():
        return [dict(vars(thing)) for thing in WATCHED]

    def changes(before, after):
        found = []
        for thing, old, new in zip(WATCHED, before, after):
            for name in sorted(set(old) | set(new)):
                if name in old and name in new and old[name] is new[name]:
                    continue
                lazily_imported = name not in old and isinstance(new[name], types.ModuleType)
                bookkeeping = name.startswith("_") or name == "__warningregistry__"
                if not (lazily_imported or bookkeeping):
                    found.append(thing.__name__ + "." + name)
        return found
"""

USE = """

    warm_up = pandas.DataFrame({{"a": [1.0, 2.0], "b": ["x", "y"]}})
    sklearn.preprocessing.OneHotEncoder().fit_transform(warm_up[["b"]])
    repr(warm_up), numpy.float64(1)
    before = snapshot()

    import carla_genre
    import carla
    from carla.data.catalog import CsvCatalog
    from carla.models.catalog import MLModelCatalog
    from carla.recourse_methods import *

    data = CsvCatalog({path!r}, **{roles!r})
    data.inverse_transform(data.df)
    for model_type, backend in (("linear", "pytorch"), ("forest", "sklearn")):
        for _ in range(2):
            model = MLModelCatalog(data, model_type, backend=backend, load_online=False)
            model.train(learning_rate=0.01, epochs=1, batch_size=64)
        model.predict_proba(data.df_test)
    wachter = Wachter(MLModelCatalog(data, "linear", backend="pytorch", load_online=False), {{"loss_type": "MSE"}})

    from carla_genre.carla_compat.imports import OverlayModule
    from carla_genre.carla_compat.stand_ins import StandInModule
    substitutes = [n for n, m in sys.modules.items() if isinstance(m, (OverlayModule, StandInModule))]
    errors = []
    for name in ("recourse", "tensorflow", "torchvision", "mip"):
        try:
            __import__(name)
        except Exception as error:
            errors.append(type(error).__name__)
    safe = [str(entry) for entry in torch.serialization.get_safe_globals() if "carla" in str(entry)]
    after = snapshot()
    # Would a leak be seen? This is what one looks like.
    numpy.float = float
    sklearn.preprocessing.OneHotEncoder.get_feature_names = sklearn.preprocessing.OneHotEncoder.fit
    torch.load = print
    print(json.dumps({{"changes": changes(before, after), "leak": changes(after, snapshot()),
                      "substitutes": substitutes, "errors": errors, "safe": safe}}))
"""


def test_nothing_outside_carla_changes(tmp_path: Path, run_python: Any) -> None:
    path = csv_file(tmp_path)
    code = textwrap.dedent(SNAPSHOT) + textwrap.dedent(USE.format(path=path, roles=ROLES))
    result = run_python(code, warm=True)
    assert result["changes"] == []
    assert result["leak"] == ["numpy.float", "torch.load", "OneHotEncoder.get_feature_names"]
    assert result["substitutes"] == []
    assert set(result["errors"]) <= {"ModuleNotFoundError"}
    assert result["safe"] == []


STATE = """
    import io, json, locale, logging, os, random, signal, sys, warnings
    import numpy, pandas, scipy.special, sklearn.preprocessing, torch
    own = logging.FileHandler({log!r}, mode="w")
    root = logging.getLogger()
    root.addHandler(own)
    random.seed(1)

    def state():
        return {{
            "root logger": [root.level, root.disabled, list(map(str, root.handlers))],
            "tensorflow's logger": [getattr(logging.getLogger("tensorflow"), n) for n in ("level", "propagate")],
            "open handlers": own in [reference() for reference in logging._handlerList],
            "warnings for all": [str(f) for f in warnings.filters if f[2] in (Warning, UserWarning)],
            "numpy": [numpy.geterr(), numpy.get_printoptions()],
            "pandas": repr(pandas.options.display.max_rows),
            "torch": [str(torch.get_default_dtype()), torch.get_num_threads(), torch.is_grad_enabled()],
            "random": [hash(random.getstate()), hash(numpy.random.get_state()[1].tobytes()),
                       torch.get_rng_state().sum().item()],
            "backend": "matplotlib" in sys.modules and repr(dict.get(sys.modules["matplotlib"].rcParams, "backend")),
            "process": [os.getcwd(), locale.setlocale(locale.LC_ALL), str(signal.getsignal(signal.SIGINT)),
                        str(sys.excepthook), str(sys.stdout), sys.getrecursionlimit()],
        }}

    try:
        import matplotlib
    except ImportError:
        pass
    out, sys.stdout = sys.stdout, io.StringIO()
    before = state()
    import carla_genre
    import carla
    from carla.recourse_methods import *
    import carla.plotting
    after = state()
    logging.getLogger("own").warning("kept")
    carla.log.info("seen")
    root.removeHandler(own)
    carla.log.info("shown")
    kept = open({log!r}).read().splitlines()
    shown, sys.stdout = sys.stdout.getvalue(), out
    print(json.dumps({{"changed": [name for name in before if before[name] != after[name]], "kept": kept,
                      "shown": [word in shown for word in ("kept", "seen", "shown")]}}))
"""


def test_importing_carla_changes_no_state_of_the_process(tmp_path: Path, run_python: Any) -> None:
    code = STATE.format(log=str(tmp_path / "own.log"))
    assert run_python(code) == {"changed": [], "kept": ["kept", "seen"], "shown": [False, False, True]}
    without = run_python(code, disable=("importing_carla_sets_up_logging",), warm=True)
    assert "root logger" in without["changed"] and without["kept"] == []  # as CARLA has it

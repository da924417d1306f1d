"""SECURITY.md names every place that reads a file, and says of each that unpickles that it runs code."""

import ast
import re
from pathlib import Path

import carla_genre

PACKAGE = Path(carla_genre.__file__).parent
UNPICKLES = {
    "pickle.load",
    "pickle.loads",
    "joblib.load",
    "torch.load",
    "np.load",
    "pd.read_pickle",
    "eval",
    "exec",
}
UNPICKLES |= {
    "yaml.load",
    "marshal.loads",
    "marshal.load",
    "shelve.open",
    "dill.load",
    "dill.loads",
    "cloudpickle.load",
}
READS = UNPICKLES | {"open", "json.load", "yaml.safe_load", "safetensors.load", "h5py.File", "pq.ParquetFile"}
READS |= {
    "pq.read_table",
    "pq.read_schema",
    "pq.read_metadata",
    "pd.read_csv",
    "pd.read_parquet",
    "pd.read_excel",
}
METHODS = {"read_text", "read_bytes", "load_model", "safe_load", "open"}
SUBCLASSED = {"Unpickler", "NumpyUnpickler"}


def calls(tree):
    """The names that are called, as "module.name" or ".method", with their keyword arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = {one.arg: getattr(one.value, "value", None) for one in node.keywords}
            name = ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""
            yield name, given, node
        elif isinstance(node, ast.ClassDef):
            yield from ((ast.unparse(base), {}, node) for base in node.bases)


def is_safe(name, given, node):
    """Whether it cannot run what it reads."""
    arguments = [ast.unparse(argument) for argument in getattr(node, "args", [])]
    return (
        given.get("weights_only") is True
        or given.get("allow_pickle") is False
        or (name == "yaml.load" and arguments[1:] == ["_EachKeyOnce"])  # a SafeLoader
        or "'weights_only': True" in ast.unparse(node)
    )


def found():
    """File -> whether it unpickles, of those that read."""
    places = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for called, given, node in calls(ast.parse(path.read_text(encoding="utf-8"))):
            last = called.rpartition(".")[2]
            unpickles = (called in UNPICKLES or last in SUBCLASSED) and not is_safe(called, given, node)
            writes = any(ast.unparse(one) in ("'w'", "'wb'") for one in getattr(node, "args", []))
            if unpickles or called in READS or (last in METHODS and not writes):
                places[name] = places.get(name, False) or unpickles
    return places


def told():
    """The same as the table has it."""
    table = (Path(__file__).parents[1] / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    return {name: "**yes**" in row[3] for row in rows for name in re.findall(r"`([\w/]+\.py)`", row[1])}


def test_every_place_that_reads_is_in_the_table_and_what_unpickles_says_so():
    in_code, in_table = found(), told()
    unpickling = {name for name, does in in_code.items() if does}
    assert unpickling == {name for name, does in in_table.items() if does}
    assert set(in_table) - set(in_code) == set(), "named, and reads nothing"
    assert set(in_code) - set(in_table) == set(), "reads, and is not named"

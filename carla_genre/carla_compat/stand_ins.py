"""Stand-ins for optional packages that are absent.

CARLA imports all its optional packages when it is imported. A stand-in lets that pass: names of it can be imported,
subclassed, written into annotations and asked for with isinstance. The moment something of it is used, it raises
MissingDependencyError, which names the package and the command that installs it.
"""

from __future__ import annotations

import importlib.util
from types import FunctionType, ModuleType
from typing import Any, NoReturn

from carla_genre.errors import MissingDependencyError

#: Import name -> what to give pip.
OPTIONAL_PACKAGES = {
    "IPython": "ipython",
    "PIL": "pillow",
    "causalgraphicalmodels": "causalgraphicalmodels",
    "dice_ml": "dice-ml",
    "h5py": "h5py",
    "keras": "'carla-genre[tensorflow]'",
    "lime": "lime",
    "matplotlib": "matplotlib",
    "mip": "mip",
    "networkx": "networkx",
    "recourse": "recourse",
    "seaborn": "seaborn",
    "tensorflow": "'carla-genre[tensorflow]'",
    "torchvision": "torchvision",
    "xgboost": "xgboost",
}


class Absence:
    """Why a package, or a part of one, is not there, and in which module's code its use would be an import only.

    While the code of the importer, a module of CARLA, runs, its calls are let pass. The cause is what the import has
    raised; the way out replaces the sentence that says how to install the package.
    """

    def __init__(
        self, importer: ModuleType, package: str, cause: Exception | None = None, way_out: str | None = None
    ) -> None:
        self.importer = importer
        self.package = package
        self.cause = cause if cause is None else cause.with_traceback(None)  # frames would stay alive
        self.way_out = way_out

    @property
    def importing(self) -> bool:
        """Whether the importer's own code is still running (Python keeps this flag for circular imports)."""
        return bool(getattr(getattr(self.importer, "__spec__", None), "_initializing", False))

    def message(self, name: str) -> str:
        where = f"{self.importer.__name__} needs {name}"
        if self.way_out is not None:
            return f"{where}: {self.way_out}"
        root = self.package.partition(".")[0]
        if self.cause is not None and _is_installed(root):
            return f"{where}, but {root} cannot be imported here ({type(self.cause).__name__}: {self.cause})"
        return f"{where}, but {root} is not installed. Install it with: pip install {OPTIONAL_PACKAGES.get(root, root)}"

    def refuse(self, name: str) -> NoReturn:
        raise MissingDependencyError(self.message(name)) from self.cause


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # in sys.modules without a spec: somebody's own substitute
        return True


def _later(absence: Absence, name: str, function: FunctionType) -> FunctionType:
    """A function decorated by something absent: refused when it is called, not when it is defined."""

    def refused(*args: Any, **kwargs: Any) -> NoReturn:
        absence.refuse(name)

    refused.__name__, refused.__doc__ = function.__name__, function.__doc__
    return refused  # type: ignore[return-value]


class _StandInType(type):
    """The type of stand-in names: classes, so that they can be subclassed and be used in annotations."""

    _absence: Absence
    _path: str

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{cls._path} is a stand-in and has no {name!r}")
        child = stand_in_name(cls._absence, f"{cls._path}.{name}")
        setattr(cls, name, child)
        return child

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls._absence.importing:
            if len(args) == 1 and not kwargs and isinstance(args[0], FunctionType):
                return _later(cls._absence, cls._path, args[0])
            return stand_in_name(cls._absence, cls._path)
        cls._absence.refuse(cls._path)

    def _use(cls, *args: Any) -> Any:
        if cls._absence.importing:
            return stand_in_name(cls._absence, cls._path)
        cls._absence.refuse(cls._path)

    __getitem__ = __iter__ = __len__ = __enter__ = __add__ = __radd__ = __sub__ = __rsub__ = _use
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = __pow__ = __matmul__ = __contains__ = _use

    def __repr__(cls) -> str:
        return f"<stand-in for the absent {cls._path}>"


def stand_in_name(absence: Absence, path: str) -> Any:
    """A stand-in for one name of an absent package."""
    namespace = {"_absence": absence, "_path": path, "__module__": path.rpartition(".")[0] or path}
    return _StandInType(path.rpartition(".")[2], (), namespace)


class StandInModule(ModuleType):
    """A stand-in for an absent module. It is given to its importer only and never put into ``sys.modules``."""

    def __init__(self, absence: Absence, name: str) -> None:
        super().__init__(name, f"Stand-in for the absent module {name}.")
        self.__dict__["_absence"] = absence

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{self.__name__} is a stand-in and has no {name!r}")
        child = stand_in_name(self._absence, f"{self.__name__}.{name}")
        self.__dict__[name] = child
        return child

    def __repr__(self) -> str:
        return f"<stand-in for the absent module {self.__name__}>"

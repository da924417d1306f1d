"""The project's files agree: setup.cfg, pyproject.toml, uv.lock, constraints.txt, the pages and the imports."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import carla_genre

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Import name -> distribution, where they differ.
DISTRIBUTIONS = {
    "faiss": "faiss-cpu",
    "lightning_fabric": "lightning-fabric",
    "dice_ml": "dice-ml",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
# Never required: repaired or stood in for when it is there (carla), or brought by a requirement (triton by torch).
NOT_REQUIRED = {"carla", "carla_genre", "triton"}


@pytest.fixture(scope="module")
def setup_cfg(repository: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(repository / "setup.cfg", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def pyproject(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def locked(repository: Path) -> list[dict[str, Any]]:
    return tomllib.loads((repository / "uv.lock").read_text(encoding="utf-8"))["package"]


def requirements(text: str) -> list[Requirement]:
    lines = (line.strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def names(text: str) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in requirements(text)}


def test_the_wheel_never_requires_carla(setup_cfg: configparser.ConfigParser) -> None:
    groups = [setup_cfg["options"]["install_requires"], *setup_cfg["options.extras_require"].values()]
    assert "carla-recourse" not in set.union(*map(names, groups))


def test_what_the_package_imports_is_declared(repository: Path, setup_cfg: configparser.ConfigParser) -> None:
    core = names(setup_cfg["options"]["install_requires"])
    extras = set.union(*map(names, setup_cfg["options.extras_require"].values()))
    imported = set()
    for path in (repository / "carla_genre").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                imported.add(node.module.split(".")[0])
    imported -= set(sys.stdlib_module_names) | NOT_REQUIRED
    needed = {DISTRIBUTIONS.get(name, name) for name in imported}
    assert needed <= core | extras
    assert core - needed <= {"pyyaml", "tqdm"}, (
        "required and never imported (these are what CARLA itself cannot do without)"
    )


def test_the_extra_all_has_every_optional_feature(setup_cfg: configparser.ConfigParser) -> None:
    extras = setup_cfg["options.extras_require"]
    (everything,) = requirements(extras["all"])
    assert everything.extras == set(extras) - {"all", "dev", "docs", "test"}


def test_constraints_are_those_of_the_lock(repository: Path, locked: list[dict[str, Any]]) -> None:
    pins = requirements((repository / "constraints.txt").read_text(encoding="utf-8"))
    versions = {(canonicalize_name(pin.name), str(pin.specifier).removeprefix("==")) for pin in pins}
    assert versions <= {(package["name"], package["version"]) for package in locked if "version" in package}
    environment = {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"}
    for python in ("3.10", "3.11", "3.12", "3.13"):
        here = {**environment, "python_version": python, "python_full_version": f"{python}.9"}
        active = [canonicalize_name(pin.name) for pin in pins if not pin.marker or pin.marker.evaluate(here)]
        assert len(active) == len(set(active)), f"two versions of one package for Python {python}"
        assert {"torch", "numpy", "pandas", "scikit-learn", "tensorflow", "xgboost", "pytest"} <= set(active)


def test_the_lock_names_no_file_of_one_machine(locked: list[dict[str, Any]]) -> None:
    for package in locked:
        source = package["source"]
        assert source == {"editable": "."} or source["registry"].startswith("https://"), package["name"]
        for archive in [*package.get("wheels", []), package.get("sdist", {"url": "https://"})]:
            assert archive["url"].startswith("https://"), package["name"]


def test_every_pin_of_carla_is_lifted(pyproject: dict[str, Any]) -> None:
    try:
        pins = metadata.requires("carla-recourse") or []
    except metadata.PackageNotFoundError:
        pytest.skip("carla-recourse is not installed")
    lifted = {
        canonicalize_name(Requirement(line).name) for line in pyproject["tool"]["uv"]["override-dependencies"]
    }
    assert {canonicalize_name(Requirement(pin).name) for pin in pins} <= lifted


def test_the_guide_shows_the_same_overrides(repository: Path, pyproject: dict[str, Any]) -> None:
    guide = (repository / "docs" / "install.md").read_text(encoding="utf-8")
    shown = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", guide, flags=re.DOTALL)]
    overrides = [block["tool"]["uv"]["override-dependencies"] for block in shown if "tool" in block]
    assert overrides == [pyproject["tool"]["uv"]["override-dependencies"]]


def test_the_version_is_the_same_everywhere(repository: Path) -> None:
    citation = (repository / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {carla_genre.__version__}\n" in citation
    assert (repository / "CHANGELOG.md").read_text(encoding="utf-8").count(
        f"## [{carla_genre.__version__}]"
    ) == 1


def test_the_readme_opens_with_two_commands(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    first = re.search(r"```\w*\n(.*?)```", readme, flags=re.DOTALL)
    assert first is not None
    assert first.group(1).splitlines() == ["python3 bootstrap.py demo", "python3 bootstrap.py test"]


def test_type_checkers_see_every_public_name(repository: Path) -> None:
    stub = ast.parse((repository / "carla_genre" / "__init__.pyi").read_text(encoding="utf-8"))
    seen = {
        name.asname: getattr(import_module(str(node.module)), name.name)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert sorted([*seen, "__version__"]) == carla_genre.__all__
    assert all(getattr(carla_genre, name) is value for name, value in seen.items())


def test_the_badge_states_the_floor_that_coverage_is_measured_against(
    repository: Path, setup_cfg: configparser.ConfigParser
) -> None:
    badge = re.search(
        r"badge/coverage-%E2%89%A5(\d+)%25", (repository / "README.md").read_text(encoding="utf-8")
    )
    assert badge is not None
    assert badge[1] == setup_cfg["coverage:report"]["fail_under"]
    checks = (repository / ".ci" / "run").read_text(encoding="utf-8")
    assert "bootstrap.py test --cov" in checks

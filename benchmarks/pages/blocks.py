"""What makes the text of each kind of block: a function of the repository's root and the block's arguments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from benchmarks.carla_suite import failures, repairs
from benchmarks.causal import page as causes
from benchmarks.constrained import page as constrained
from benchmarks.constrained import roles
from benchmarks.judges import page as judging
from benchmarks.pages import data_roles
from benchmarks.pages.of_records import (
    PAPER,
    carla_seconds,
    compact,
    densities,
    further,
    in_short,
    measured,
    of_the_paper,
    peers,
    read,
    records,
)
from benchmarks.paper import figure2, figure4
from benchmarks.reliability import page as reliable
from benchmarks.robust import confidence, curves, noise
from benchmarks.robust import page as robustness
from benchmarks.speed import table as timings
from benchmarks.speed.__main__ import MODULES
from benchmarks.studies.ablation import page as ablations
from benchmarks.studies.batched import same
from benchmarks.studies.batched import table as batched
from benchmarks.studies.copies import page as uncopied
from benchmarks.studies.differences import table as differences
from benchmarks.studies.features import page as features
from benchmarks.studies.groups import page as groups
from benchmarks.studies.recipe import page as recipe
from benchmarks.studies.risk import page as risks
from benchmarks.studies.warm import page as warm
from carla_genre.errors import InputError
from carla_genre.evaluation import FIGURES
from carla_genre.harness.markdown import markdown_table
from carla_genre.harness.record import read_record

ROOT = Path(__file__).resolve().parents[2]


def value(root: Path, file: str, keys: str, form: str) -> str:
    """One number in a sentence: ``keys`` lead to it, separated by dots; ``form`` is Python's format."""
    found = read(root / file)
    for key in keys.split("."):
        try:
            found = found[int(key) if isinstance(found, list) else key]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            there = ", ".join(found) if isinstance(found, dict) else f"{type(found).__name__}"
            raise InputError(f"{file} has no {keys!r}: at {key!r} there is only {there}") from error
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise InputError(f"{file}: {keys!r} is no number but {found!r:.60}")
    return format(found, form)


def variants(root: Path, folder: str, *data: str) -> str:
    """Methods far from the paper's, beside what they were with its authors."""
    return differences.markdown(differences.compared(differences.command.records(root / folder, data=data)))


def batched_searches(root: Path, folder: str, *data: str) -> str:
    """CARLA's gradient searches one person at a time and for all at once, from the records of both."""
    found = records(root / folder, data)
    return batched.markdown(batched.compared(found, batched.carlas(batched.CARLAS, found)))


def own_seeds(root: Path, folder: str, *data: str) -> str:
    """What a method's own seed moves, on the same people."""
    found = differences.command.records(root / folder, data=data)
    return differences.own_seeds_markdown(differences.over_own_seeds(found))


def speed(root: Path, folder: str) -> str:
    """All timings of benchmarks.speed: how many times faster ours is than the plain reference."""
    return timings.markdown(timings.read_timings(root / folder, MODULES))


def recipes(root: Path, folder: str, grid: str) -> str:
    """Score against seconds: what GenRe's default was chosen from ("recipe"), and what it comes to ("goals")."""
    return recipe.markdown(records(root / folder), grid)


def robust(root: Path, folder: str) -> str:
    """Every method where h is trained again, learns flipped labels, is miscalibrated, or has many features."""
    return robustness.markdown(robustness.read_records(root / folder))


def constrained_roles(root: Path, data: str) -> str:
    """What a person can do about each feature of a data set, and why."""
    return roles.markdown(data)


def constrained_headline(root: Path, folder: str) -> str:
    """GenRe, trained once, beside the nearest rows, by how much is frozen."""
    return constrained.headline(read_record(path) for path in sorted((root / folder).glob("*_seed*.json")))


def constrained_table(root: Path, folder: str, part: str, classifier: str = "ann") -> str:
    """Every row of the table of constraints: of the "random" sets, or of the "actionable" roles."""
    found = [read_record(path) for path in sorted((root / folder).glob("*_seed*.json"))]
    return constrained.markdown(found, part, classifier)


def confidences(root: Path, folder: str) -> str:
    """GenRe and the nearest rows with and without calibrated confidences, where h is as sure as it may be, or not."""
    return confidence.markdown(confidence.read_records(root / folder))


def of_figures(module: ModuleType) -> Callable[[Path, str], str]:
    """A maker of a module's table, from the figures of one record."""
    return lambda root, file: module.markdown(read(root / file)["figures"])


def causal(root: Path, folder: str, part: str) -> str:
    """What becomes of answers whose actions are carried out in the true model; ``part`` says what can be set."""
    return causes.markdown(causes.read_records(root / folder), part)


def many_features(root: Path, file: str, part: str) -> str:
    """A table of the study of many features: "growth", "profile", "remedies" or "real"."""
    tables = {
        "growth": features.growth_table,
        "profile": features.profile_table,
        "remedies": features.remedies_table,
        "real": features.real_table,
    }
    if part not in tables:
        raise InputError(f"the study of many features has no table {part!r}; it has {', '.join(tables)}")
    return tables[part](read(root / file))


def sequence_order(root: Path, file: str) -> str:
    """The orders in which features were written, beside the file's."""
    return features.order_table(read(root / file))


def of_folder(module: ModuleType) -> Callable[..., str]:
    """A maker of a study's table, from the JSONs of a folder; what else a block names, the module's maker explains."""
    return lambda root, folder, *parts: module.markdown(
        [read(path) for path in sorted((root / folder).glob("*.json"))], *parts
    )


def reliability(root: Path, folder: str, part: str) -> str:
    """Odd inputs ("fuzz"), ended work ("kill"), many callers ("stress"), random tables ("tables")."""
    found = {path.stem: read(path) for path in sorted((root / folder).glob("*.json"))}
    return reliable.markdown(found, part)


def listing(root: Path, what: str) -> str:
    """What is listed in the package itself: "repairs", "figures", or the "roles" of further data sets."""
    return {"repairs": repairs.markdown, "figures": figures, "roles": data_roles.markdown}[what]()


def figures() -> str:
    """Every figure of the measures: what it is, its direction and range, and whether a failure counts."""
    rows = []
    for column, figure in FIGURES.items():
        measure = "CARLA's own" if figure.measure is None else f"`{figure.measure.__name__}`"
        failure = "counts" if figure.failures == "count" else "is left out"
        rows.append((f"`{column}`", measure, figure.definition, figure.better, f"`{figure.range}`", failure))
    return markdown_table(("column", "measure", "what it is", "better", "range", "a failure"), rows)


# Name of a block -> what makes it.
BLOCKS: dict[str, Callable[..., str]] = {
    "value": value,
    "headline": compact,
    "summary": in_short,
    "further": further,
    **{f"table{number}": of_the_paper(module) for number, module in PAPER.items()},
    "figure2": of_the_paper(figure2),
    "figure4": of_the_paper(figure4),
    "figure5": densities,
    "measured": measured,
    "peers": peers,
    "differences": variants,
    "own_seeds": own_seeds,
    "batched": batched_searches,
    "batched_same": lambda root, *files: same.markdown(*(read(root / file)["figures"] for file in files)),
    "carla_seconds": carla_seconds,
    "speed": speed,
    "recipe": recipes,
    "robustness": robust,
    "confidence": confidences,
    "judges": lambda root, folder, part="all", *data: judging.of_folder(root / folder, part, *data),
    "calibration_curves": of_figures(curves),
    "flipped_labels": of_figures(noise),
    "constrained": constrained_table,
    "constrained_headline": constrained_headline,
    "constrained_roles": constrained_roles,
    "causal": causal,
    "many_features": many_features,
    "sequence_order": sequence_order,
    "warm_starts": of_folder(warm),
    "ablation": of_folder(ablations),
    "stated_risk": of_folder(risks),
    "copies": of_folder(uncopied),
    "groups": of_folder(groups),
    "reliability": reliability,
    "carla_suite": lambda root, file: failures.markdown(read(root / file)),
    "listing": listing,
}

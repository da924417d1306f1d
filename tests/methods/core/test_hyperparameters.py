import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from method_cases import QUICK, Logistic

from carla_genre import GenRe, InputError, SchemaMethod, available_methods
from carla_genre.generator.config import PRESETS
from carla_genre.methods.registry import hyperparameters_of
from carla_genre.options import Option, check, declared


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lamda": 1.0}, "no hyperparameter 'lamda': did you mean 'lambda'"),
        ({"zzz": 1}, "no hyperparameter 'zzz': there are"),
        ({"gamma": 0.4}, r"gamma must be in \[0.5, 1\), got 0.4"),
        ({"gamma": 1.0}, "gamma must be in"),
        ({"gamma": "high"}, "gamma must be float, got 'high' of type str"),
        ({"lambda_": float("nan")}, "lambda_ must be in"),
        ({"lambda": 1.0, "lambda_": 2.0}, "are the same hyperparameter"),
        ({"n_samples": 2.5}, "n_samples must be int"),
        ({"n_samples": True}, "n_samples must be int"),
        ({"n_samples": 0}, "n_samples must be in"),
        ({"selection": "cheap"}, "selection must be one of .*Did you mean 'cheapest'"),
        ({"preset": "papers"}, "preset must be one of .*Did you mean 'paper'"),
        ({"verbose": 1}, "verbose must be bool"),
        ({"seed": -1}, "seed must be in"),
        ({"training": {"step": 3}}, "training has no hyperparameter 'step': did you mean 'steps'"),
        ({"training": {"learning_rate": 0}}, "training: learning_rate must be in"),
        ({"training": 3}, "must be a dict"),
        ({"training": {"steps": 3, "epochs": 2}}, "give one"),
        ({"pairing": {"tables": "on"}}, "pairing has no hyperparameter .tables.: did you mean .table."),
        ({"architecture": {"heads": 5}}, "must be a multiple of"),
        ({"architecture": {"kind": "encoder-decoder"}}, "needs architecture.encoder_layers"),
        ({"constraints": {"incme": {"immutable": True}}}, "did you mean 'income'"),
        ({"constraints": {"income": {"direction": "up"}}}, "'increase' or 'decrease'"),
        ({"constraints": {"job": {"range": (0, 1)}}}, "a categorical has no direction or range"),
        ({"constraints": {"debt": {"range": (900, 901)}}}, "no training row is inside"),
        ({"device": "gpu"}, "device 'gpu' cannot be used"),
        ("text", "must be a dict"),
    ],
)
def test_what_is_wrong_is_named(mlmodel: Logistic, given: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        GenRe(mlmodel, given)
    assert isinstance(error.value, ValueError)


def test_names_are_checked_before_anything_else_is_touched() -> None:
    with pytest.raises(InputError, match="lamda"):
        GenRe(None, {"lamda": 1.0})


def test_numpys_numbers_are_numbers() -> None:
    values = check(GenRe.OPTIONS, {"n_samples": np.int64(3), "gamma": np.float32(0.75), "sigma": 0}, "GenRe")
    assert values["n_samples"] == 3 and values["gamma"] == 0.75 and values["sigma"] == 0.0


@pytest.mark.parametrize("preset", PRESETS)
def test_defaults_are_the_presets_own(preset: str) -> None:
    values = check(GenRe.options_for({"preset": preset}), {"preset": preset}, "GenRe")
    config = PRESETS[preset]
    assert values["training"] == vars(config.training)
    assert values["architecture"] == vars(config.architecture)
    assert {
        **values["pairing"],
        **{name: values[name] for name in ("lambda_", "gamma", "top_k", "denied", "unmatched")},
    } == vars(config.pairs)


def test_defaults_cannot_be_changed_through_an_instance(genre: GenRe) -> None:
    steps = PRESETS["default"].training.steps
    assert genre.hyperparams["training"]["steps"] == QUICK["training"]["steps"] != steps
    values = check(GenRe.OPTIONS, {}, "GenRe")
    values["training"]["steps"] = 1
    assert GenRe.options_for(None).training.steps == steps
    assert check(GenRe.OPTIONS, {}, "GenRe")["training"]["steps"] == steps


def own_methods(kind: type[SchemaMethod] = SchemaMethod) -> Iterator[type[SchemaMethod]]:
    for name in available_methods():
        hyperparameters_of(name)  # which imports it
    for method in kind.__subclasses__():
        if method.__module__.startswith("carla_genre."):
            yield from (method, *own_methods(method))


def shown(known: Mapping[str, Option], prefix: str = "") -> Iterator[tuple[str, str, list[str]]]:
    """Name, default and what else a docstring has to say of each option, groups' options included."""
    for name, one in known.items():
        default = json.dumps(one.default) if isinstance(one.default, str) else str(one.default)
        allowed = [one.allowed] if isinstance(one.allowed, str) else map(json.dumps, one.allowed or ())
        yield f"{prefix}{name}", "group" if one.group else default, [one.meaning, *allowed, *one.aliases]
        yield from shown(one.group or {}, f"{prefix}{name}.")


@pytest.mark.parametrize("method", list(own_methods()), ids=lambda method: method.__name__)
def test_the_docstring_shows_every_option_with_its_default_and_range(method: type[SchemaMethod]) -> None:
    listed = re.split(r"\n(?=\S)", (method.__doc__ or "").partition("Options\n-------\n")[2])
    rows = {row.split()[0]: " ".join(row.split()) for row in listed}
    expected = list(shown(declared(method.OPTIONS)))
    assert set(rows) == {name for name, _, _ in expected}
    for name, default, told in expected:
        assert rows[name].startswith(f"{name} : {default} "), rows[name]
        assert all(text in rows[name] for text in told), (rows[name], told)


def test_the_guide_has_each_selections_own_sampling(repository: Path) -> None:
    table = (repository / "docs" / "genre.md").read_text(encoding="utf-8").partition("| `selection` |")[2]
    told = re.findall(r'^\| `"(\w+)"`.*\| `(\d+)`, `(\d+)` \|$', table, re.MULTILINE)
    assert {name for name, _, _ in told} == {"expected", "validity", "cheapest"}
    for name, temperature, n_samples in told:
        own = GenRe.options_for({"selection": name})
        assert (own.temperature, own.n_samples) == (float(temperature), int(n_samples))


def test_what_training_fixed_cannot_be_sampled_otherwise(genre: GenRe) -> None:
    with pytest.raises(InputError, match=r"lambda_.* decide the training"):
        genre.with_sampling(lambda_=1.0)
    with pytest.raises(InputError, match="temperature must be in"):
        genre.with_sampling(temperature=0.0)

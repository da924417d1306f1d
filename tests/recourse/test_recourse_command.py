"""`carla-genre fit` and `carla-genre recourse`: a CSV and a model in, options out."""

from __future__ import annotations

import json
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import yaml
from file_cases import At, Watched, interrupt
from loans import QUICK, loans, pipeline, refused
from method_cases import training_stopped_at

from carla_genre import Recourse
from carla_genre.cli import main
from carla_genre.constraints import AtMost, Freeze, Implies, OneWay, Range, Where
from carla_genre.constraints.plain import from_plain, to_plain
from carla_genre.errors import CheckpointError, InputError
from carla_genre.generator.checkpoint import load

TABLE = loans(400)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of applications, a model, a configuration, and what `fit` made of them."""
    folder = tmp_path_factory.mktemp("loans")
    TABLE.iloc[:300].to_csv(folder / "applications.csv", index=False)
    TABLE.iloc[300:].drop(columns="approved").rename_axis("case").to_csv(folder / "people.csv")
    joblib.dump(pipeline(TABLE.iloc[:300]), folder / "model.joblib")
    settings = {"hyperparams": {**QUICK, "verbose": False}, "constraints": [{"one_way": ["debt", "down"]}]}
    (folder / "recourse.yaml").write_text(yaml.safe_dump(settings))
    assert fit(folder, "--freeze", "age", "--out", f"{folder}/loans.genre") == 0
    return folder


def ask(folder: Path, *options: str, people: str = "people.csv", model: str = "model.joblib") -> int:
    return main(
        [
            "recourse",
            f"{folder}/{people}",
            "--generator",
            f"{folder}/loans.genre",
            "--index",
            "case",
            "--model",
            f"{folder}/{model}",
            "--table",
            f"{folder}/applications.csv",
            *options,
        ]
    )


def test_people_of_a_csv_get_options_that_the_model_accepts(folder: Path, tmp_path: Path) -> None:
    files = [
        "--out",
        f"{tmp_path}/options.csv",
        "--html",
        f"{tmp_path}/page.html",
        "--json",
        f"{tmp_path}/all.json",
    ]
    assert ask(folder, "--n", "2", "--at-most", "2", *files) == 0
    options = pd.read_csv(tmp_path / "options.csv", index_col="case")
    own = TABLE.loc[options.index]
    model = joblib.load(folder / "model.joblib")
    assert (model.predict_proba(options[own.columns.drop("approved")])[:, 1] > 0.5).all()
    assert (options["changes"] <= 2).all()
    assert (options["age"] == own["age"]).all()
    assert (options["debt"] <= own["debt"]).all()
    page = (tmp_path / "page.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert len(json.loads((tmp_path / "all.json").read_text())["people"]) == 100
    assert ask(folder, "--out", f"{tmp_path}/options.parquet") == 0
    assert len(pd.read_parquet(tmp_path / "options.parquet"))


def test_strict_tells_by_the_exit_status_that_somebody_has_none(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("income", "debt", "home", "dependants")
    frozen = [*(word for name in names for word in ("--freeze", name)), "--out", f"{tmp_path}/options.csv"]
    assert ask(folder, *frozen) == 0
    assert ask(folder, *frozen, "--strict") == 1
    assert "Freeze" in capsys.readouterr().err


@pytest.mark.parametrize(
    "settings",
    [
        {"threshold": 0.9},
        {"desired": "no"},
        {"seed": 3},
        {"ignore": ["age"]},
        {"scale": "range"},
        {"hyperparams": {**QUICK, "n_samples": 3}},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_setting_that_asking_cannot_change_is_never_left_aside(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, object]
) -> None:
    (tmp_path / "told.yaml").write_text(yaml.safe_dump(settings))
    assert ask(folder, "--config", f"{tmp_path}/told.yaml", "--out", f"{tmp_path}/options.csv") == 2
    assert f"told.yaml: {next(iter(settings))} is " in capsys.readouterr().err
    assert not (tmp_path / "options.csv").exists()


def test_the_settings_of_the_learning_may_be_given_again(folder: Path, tmp_path: Path) -> None:
    """Their constraints hold already: a weight does not count twice."""
    weight = {"weight": {"feature": "income", "factor": 3}}
    told = yaml.safe_load((folder / "recourse.yaml").read_text()) | {"desired": "yes", "threshold": 0.5}
    told["constraints"] = [*told["constraints"], weight]
    (tmp_path / "told.yaml").write_bytes("\ufeff".encode() + yaml.safe_dump(told).encode())
    config = ["--config", f"{tmp_path}/told.yaml"]
    assert fit(folder, *config, "--out", f"{tmp_path}/weighed.genre") == 0
    for name, further in (("once", []), ("twice", config)):
        given = ["--generator", f"{tmp_path}/weighed.genre", *further, "--out", f"{tmp_path}/{name}.csv"]
        assert ask(folder, *given) == 0
    assert (tmp_path / "once.csv").read_bytes() == (tmp_path / "twice.csv").read_bytes()


def test_a_page_beside_the_file_has_the_same_answers(folder: Path, tmp_path: Path) -> None:
    assert ask(folder, "--n", "2", "--out", f"{tmp_path}/one.csv") == 0
    assert ask(folder, "--n", "2", "--out", f"{tmp_path}/two.csv", "--json", f"{tmp_path}/two.json") == 0
    for kind in ("csv", "unanswered.csv"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()


def test_what_was_stopped_is_taken_up_by_the_same_command(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = pd.read_csv(folder / "people.csv")
    people.to_parquet(folder / "people.parquet", row_group_size=30)
    model = Watched(joblib.load(folder / "model.joblib"), At(people.iloc[60], interrupt))
    joblib.dump(model, folder / "stops.joblib")
    given = {"people": "people.parquet"}
    assert ask(folder, "--out", f"{tmp_path}/whole.csv", **given) == 0
    told = capsys.readouterr()
    assert "100 people: " in told.out
    assert "\r" not in told.err, "only a terminal gets a bar"
    assert ask(folder, "--out", f"{tmp_path}/options.csv", **given, model="stops.joblib") == 130
    assert not (tmp_path / "options.csv").exists()
    assert ask(folder, "--out", f"{tmp_path}/options.csv", "--n", "2", **given) == 2
    assert "another job, which had another n" in capsys.readouterr().err
    assert ask(folder, "--out", f"{tmp_path}/options.csv", **given) == 0
    assert "60 of 100 people are answered already" in capsys.readouterr().err
    assert (tmp_path / "options.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert len(list(tmp_path.iterdir())) == 4


def fit(folder: Path, *options: str) -> int:
    given = [
        "--model",
        f"{folder}/model.joblib",
        "--target",
        "approved",
        "--config",
        f"{folder}/recourse.yaml",
    ]
    return main(["fit", f"{folder}/applications.csv", *given, *options])


@pytest.mark.slow
def test_a_sample_is_learned_from_and_found_again(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(folder, "--sample", "250", "--out", f"{tmp_path}/few.genre") == 0
    assert "a sample of 250 of 300 rows" in capsys.readouterr().err
    card = json.loads((tmp_path / "few.genre" / "recourse.json").read_text())
    assert card["card"]["table"]["rows"] == 250
    assert str(tmp_path) not in json.dumps(card["arguments"])
    assert ask(folder, "--generator", f"{tmp_path}/few.genre", "--out", f"{tmp_path}/options.csv") == 0
    assert fit(folder, "--sample", "0", "--out", f"{tmp_path}/none") == 2


def test_yes_and_no_of_a_yaml_are_the_words_of_the_table(folder: Path, tmp_path: Path) -> None:
    told = "desired: no\nhyperparams: {training: {steps: 2, evaluations: 1}, n_samples: 5, verbose: false}"
    (tmp_path / "told.yaml").write_text(told)
    assert fit(folder, "--config", f"{tmp_path}/told.yaml", "--out", f"{tmp_path}/refusal.genre") == 0
    assert json.loads((tmp_path / "refusal.genre" / "recourse.json").read_text())["desired"] == {
        "label": "no"
    }


def test_a_seed_that_is_none_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in ("1.5", "first", "null", "-1"):
        (tmp_path / "told.yaml").write_text(f"seed: {seed}")
        given = ["--config", f"{tmp_path}/told.yaml", "--sample", "100", "--out", f"{tmp_path}/none"]
        assert fit(folder, *given) == 2
        assert "seed=" in capsys.readouterr().err


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = {**QUICK["training"], "evaluations": 2}
    (tmp_path / "told.yaml").write_text(yaml.safe_dump({"hyperparams": {**QUICK, "training": training}}))
    given = ["--config", f"{tmp_path}/told.yaml", "--out"]
    assert fit(folder, *given, f"{tmp_path}/whole") == 0
    with training_stopped_at(30):
        assert fit(folder, *given, f"{tmp_path}/out") == 130
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["training.pt"]
    capsys.readouterr()
    assert fit(folder, "--sample", "280", *given, f"{tmp_path}/out") == 2
    assert "name another file, or remove it to begin anew" in capsys.readouterr().err
    assert fit(folder, *given, f"{tmp_path}/out") == 0
    told = capsys.readouterr().err
    assert "training.pt at step 30 of 60" in told and "step 60 of 60" in told
    whole, again = (
        load(tmp_path / name / "generator.safetensors", "cpu")[0].state_dict() for name in ("whole", "out")
    )
    assert all((whole[name] == again[name]).all() for name in whole)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"generator.safetensors", "recourse.json"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing to write"),
        (["--out", "o", "--html", "page.html"], "let --out be a file"),
        (["--out", "o.csv", "--workers", "2", "--json", "all.json"], "leave out --workers"),
        (["--out", "o.csv", "--html", "nowhere.yaml/page.html"], "nowhere.yaml"),
        (["--out", "o.csv", "--freeze", "incom"], "did you mean 'income'"),
        (["--out", "o.csv", "--config", "nowhere.yaml"], "nowhere.yaml"),
        (["--out", "o.csv", "--at-most", "0"], "AtMost"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_status_2(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nowhere.yaml").write_text("- no settings")
    assert ask(folder, *options) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--out", "--html", "--json"])
def test_no_output_takes_the_place_of_what_is_read(
    folder: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("people.csv", "applications.csv", "model.joblib"):
        before = (folder / name).read_bytes()
        assert ask(folder, option, f"{folder}/../{folder.name}/{name}") == 2
        told = capsys.readouterr().err
        assert f"{name} would be written in the place of" in told or "cannot be written" in told
        assert (folder / name).read_bytes() == before
    assert ask(folder, "--html", f"{folder}/new.html", option, f"{folder}/loans.genre") == 2
    assert not (folder / "new.html").exists()


def test_the_folder_holds_nobodys_row_unless_asked_and_says_what_differs(
    folder: Path, tmp_path: Path
) -> None:
    model, table = joblib.load(folder / "model.joblib"), pd.read_csv(folder / "applications.csv")
    with pytest.raises(CheckpointError, match="holds no training rows"):
        Recourse.load(folder / "loans.genre", model)
    with pytest.raises(CheckpointError, match="not the one"):
        Recourse.load(folder / "loans.genre", model, table.assign(debt=table["debt"] + 250))
    loaded = Recourse.load(folder / "loans.genre", model, table)
    people = refused(model, TABLE.iloc[300:].drop(columns="approved")).head(8)
    expected = loaded.recommend(people).table
    loaded.save(tmp_path / "whole", with_training_rows=True, held_out=people)
    again = Recourse.load(tmp_path / "whole", model)
    pd.testing.assert_frame_equal(again.recommend(people).table, expected)
    assert again.card_["held_out"]["refused"] == 8
    assert 0 < again.card_["held_out"]["answered"] <= 1


def test_constraints_in_plain_types_come_back_equal() -> None:
    constraints = [
        Freeze("a", "b"),
        Freeze(only=["c"]),
        AtMost(2),
        Range("a", None, 3.5),
        Range("a", -0.1, 0.2, relative=True),
        OneWay("b", "up", order=["x", "y"]),
        Implies("a", to="x", then="b", grow=True),
    ]
    assert from_plain(json.loads(json.dumps([to_plain(one) for one in constraints]))) == constraints
    with pytest.raises(InputError, match="cannot be written"):
        to_plain(Where(lambda rows: np.ones(len(rows), bool), "mine"))
    for wrong in ("freeze", [{"frieze": ["a"]}], [{"range": {"featur": "a"}}], [3]):
        with pytest.raises(InputError, match="constraints"):
            from_plain(wrong)

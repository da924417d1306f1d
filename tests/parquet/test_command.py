"""`carla-genre train` and `carla-genre answer`."""

import pytest
from method_cases import applicants
from parquet_cases import CLASSIFIER, people, read, write

from carla_genre import GenRe, InputError
from carla_genre.cli import main
from carla_genre.parquet.command import settings

QUICK = ["verbose=false", "training.steps=20", "training.batch_size=64", "architecture.decoder_layers=1"]


def train(tmp_path, *arguments):
    out = tmp_path / "generator" / "g.safetensors"
    return main(["train", "--classifier", CLASSIFIER, "--out", str(out), *map(str, arguments)]), out


def test_a_generator_trained_from_parquet_answers_parquet(genre, tmp_path, capsys):
    rows = applicants().loc[genre._mlmodel.data.df_train.index]
    path = write(rows, tmp_path / "rows.parquet")
    given = "--in", path, "--at-most", 300, "--set", "seed=3", *QUICK
    assert train(tmp_path, *given)[0] == 2
    assert "keep up to 50,000 of them in the file by --with-training-rows" in capsys.readouterr().err
    status, out = train(tmp_path, "--with-training-rows", *given)
    assert status == 0
    told = capsys.readouterr().out
    assert f"written: {out}, pairs in " in told and " s, selector in " in told
    assert GenRe.load(out, genre._mlmodel).hyperparams["seed"] == 3
    asked = write(people(), tmp_path / "people.parquet")
    command = [
        "answer",
        "--generator",
        out,
        "--classifier",
        CLASSIFIER,
        "--in",
        asked,
        "--out",
        tmp_path / "a",
    ]
    assert main([*map(str, command), "--scores", "--set", "n_samples=4", "selection=cheapest"]) == 0
    told = capsys.readouterr().out
    answers, accepted, failures = (len(read(tmp_path / "a", f)) for f in ("answers", "accepted", "failures"))
    assert f"of 120 rows {answers} are answered, {accepted} are accepted as they are, {failures} have" in told
    assert "h_answer" in read(tmp_path / "a", "answers")


@pytest.mark.slow
def test_a_generator_trained_on_the_classifiers_own_data(genre, tmp_path):
    status, out = train(tmp_path, "--set", *QUICK)
    assert status == 0
    assert GenRe.load(out, genre._mlmodel).hyperparams["training"]["steps"] == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--at-most", "3"], "--positive and --at-most are about the Parquet files of --in"),
        (["--set", "tau"], "--set 'tau': expected NAME=VALUE"),
        (["--set", "sede=1"], "GenRe has no hyperparameter 'sede': did you mean 'seed'?"),
        (["--with-training-rows", "--in", "nobody.parquet"], "nobody.parquet is no file, folder or pattern"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, message, tmp_path, capsys):
    status, out = train(tmp_path, *arguments)
    told = capsys.readouterr().err
    assert status == 2
    assert message in told and len(told.splitlines()) == 1
    assert not out.exists()


def test_a_wrong_sampling_is_told(generator, tmp_path, capsys):
    asked = str(write(people(8), tmp_path / "people.parquet"))
    command = ["answer", "--generator", str(generator), "--classifier", CLASSIFIER, "--in", asked]
    assert main([*command, "--out", str(tmp_path / "a"), "--set", "lambda_=3"]) == 2
    assert "['lambda_'] decide the training" in capsys.readouterr().err


def test_settings_are_yaml_in_groups():
    given = ["a=1", "b.c=x", "b.d=[1, 2.5]", "e=true", "f=", "g='1'"]
    assert settings(given) == {"a": 1, "b": {"c": "x", "d": [1, 2.5]}, "e": True, "f": None, "g": "1"}


@pytest.mark.parametrize("given", [["a"], ["a=1", "a=2"], ["a=1", "a.b=2"], ["a.b=1", "a=2"], ["a=["]])
def test_settings_that_are_none(given):
    with pytest.raises(InputError, match=f"--set '{given[-1].replace('[', '.')}'"):
        settings(given)


@pytest.mark.parametrize("place", ["", "file/g", "n" * 256, "new/" + "n" * 256])
@pytest.mark.parametrize("command", ["train", "report", "benchmark", "answer", "demo"])
def test_a_bad_place_is_told_in_one_line_before_the_work(
    command, place, generator, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    out = str(tmp_path / place)
    if command in ("answer", "demo", "benchmark") and not place:
        out = str(tmp_path / "file")
    (tmp_path / "grid.yaml").write_text("{data: compas, recourse_methods: {CopyFactual: }}")
    asked = str(write(people(8), tmp_path / "asked.parquet"))
    given = {
        "train": ["--classifier", "nowhere:classifier", "--out", out],
        "report": [str(tmp_path), "--out", out],
        "benchmark": ["grid.yaml", "--results", out],
        "answer": ["--generator", generator, "--classifier", CLASSIFIER, "--in", asked, "--out", out],
        "demo": ["--out", out],
    }
    assert main([command, *map(str, given[command])]) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1, told
    assert "cannot be" in told or "name a folder" in told

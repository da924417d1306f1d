"""The command: what it prints, writes and returns."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import carla_genre
from carla_genre.cli import main
from carla_genre.demo import run


def test_version(capsys):
    assert main(["--version"]) == 0
    assert carla_genre.__version__ in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["dmeo"], ["demo", "--sede", "1"]])
def test_a_wrong_command_line_exits_2(arguments, capsys):
    assert main(arguments) == 2
    assert "Usage: carla-genre" in capsys.readouterr().err


def test_a_shell_can_complete_the_commands():
    asked = {"_CARLA_GENRE_COMPLETE": "complete_bash", "COMP_WORDS": "carla-genre re", "COMP_CWORD": "1"}
    code = "import sys; from carla_genre.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **asked}).stdout
    assert told.split() == ["recourse", "report"]


def test_every_command_has_its_help(capsys):
    for command in ("demo", "fit", "recourse", "benchmark", "report", "doctor"):
        assert main([command, "--help"]) == 0
        assert f"Usage: carla-genre {command}" in capsys.readouterr().out


def test_errors_are_one_line_on_stderr(capsys):
    assert main(["demo", "--people", "0"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "carla-genre: --people must be 1 or more, got 0\n"


def test_a_negative_seed_is_refused(capsys):
    assert main(["demo", "--seed", "-1"]) == 2
    assert "--seed must be 0 or more" in capsys.readouterr().err


def test_a_mistyped_data_set_is_told_before_anything_else(capsys, tmp_path):
    assert main(["demo", "--data", "adlt", "--out", str(tmp_path)]) == 2
    assert "adult" in capsys.readouterr().err.splitlines()[-1]


def test_out_must_be_a_folder(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file")]) == 2
    assert "name a folder" in capsys.readouterr().err


def test_ctrl_c_exits_130_with_one_line(monkeypatch, tmp_path, capsys):
    (tmp_path / "interrupted_model.py").write_text("raise KeyboardInterrupt  # while it is read\n")
    monkeypatch.syspath_prepend(tmp_path)
    given = ["--model", "interrupted_model:model", "--target", "y", "--out", str(tmp_path / "out")]
    assert main(["fit", str(tmp_path / "nothing.csv"), *given]) == 130
    assert capsys.readouterr().err == "\ncarla-genre: interrupted\n"


def test_the_package_is_the_command_where_no_script_is_on_the_path():
    command = [
        sys.executable,
        "-m",
        "carla_genre",
        "recourse",
        "nobody.csv",
        "--generator",
        "g",
        "--model",
        "m",
    ]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 2
    assert told.stderr.startswith("carla-genre: nothing to write")


def test_other_errors_are_not_hidden(monkeypatch):
    def broken(options):
        raise RuntimeError("a defect of ours")

    monkeypatch.setattr(run, "run", broken)
    with pytest.raises(RuntimeError, match="a defect of ours"):
        main(["demo"])


def test_doctor_tells_versions_and_repairs(capsys):
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert f"torch: {run.versions()['torch']}" in told
    assert "carla" in told


def test_the_command_line_needs_neither_torch_nor_carla():
    code = "import sys, carla_genre.cli; print([name for name in ('torch', 'carla', 'pandas') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[]"


@pytest.fixture(scope="module")
def loans(tmp_path_factory):
    """A CSV of our own with a category of four levels."""
    random = np.random.default_rng(0)
    n = 900
    frame = pd.DataFrame(
        {
            "age": random.integers(20, 70, n),
            "income": random.normal(30, 10, n).round(1),
            "debt": random.normal(10, 4, n).round(2),
            "job": random.choice(["clerk", "cook", "smith", "none"], n),
        }
    )
    logit = (frame["income"] - frame["debt"] - 20) / 2 - 3 * (frame["job"] == "none")
    frame["granted"] = np.where(random.random(n) < 1 / (1 + np.exp(-logit)), "yes", "no")
    path = tmp_path_factory.mktemp("data") / "loans.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def demo(loans, tmp_path_factory):
    """`carla-genre demo --quick` on it, as a user's shell runs it."""
    out = tmp_path_factory.mktemp("out") / "demo"
    command = [sys.executable, "-m", "carla_genre.cli", "demo", "--quick", "--out", str(out)]
    options = ["--data", str(loans), "--target", "granted", "--people", "8"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done, out


@pytest.mark.slow
def test_demo_prints_both_tables_and_three_people(demo):
    told = demo[0].stdout
    for part in ("CARLA's benchmark", "Success_Rate", "Wachter", "Dice", "Score = Val + LOF"):
        assert part in told
    assert told.count("h says") == 3
    assert " -> " in told.split("h says")[-1]


@pytest.mark.slow
def test_demo_tells_its_steps_and_the_files(demo):
    done, out = demo
    for part in ("training h", "fitting the gold classifier", "training GenRe", str(out / "demo.json")):
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr


@pytest.mark.slow
def test_demo_writes_a_picture(demo):
    picture = demo[1] / "demo.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000


@pytest.mark.slow
def test_demo_writes_a_page_of_the_people_who_are_answered(demo):
    page = (demo[1] / "demo.html").read_text()
    assert page.count("<article") == 8
    people = json.loads((demo[1] / "demo.json").read_text())["answers"]
    assert all(f"<h3>{one['person']}</h3>" in page for one in people)
    assert not any("age" in one["changes"] for one in people)  # it sounds personal, and is frozen


@pytest.mark.slow
def test_demo_s_json_agrees_with_itself(demo):
    content = json.loads((demo[1] / "demo.json").read_text())
    assert content["people"] == 8
    assert set(content["scores"]) == {"GenRe", "Wachter", "Dice"}
    for name, row in content["scores"].items():
        assert content["carla benchmark"][name]["Success_Rate"] <= 1
        if row["score"] is not None:
            assert row["score"] == pytest.approx(row["val"] + row["lof"] - row["cost"] / row["d"])
        assert row["violations"]["one_hot"] == 0
    genre = content["scores"]["GenRe"]
    assert genre["answered"] > 0
    assert set(genre["violations"].values()) == {0}
    for person in content["answers"]:
        assert person["h before"] <= 0.5 < person["h after"]
        assert person["changes"]
        assert all(old != new for old, new in person["changes"].values())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for another process")
def test_demo_can_be_stopped(loans, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-u", "-m", "carla_genre.cli", "demo", "--data", str(loans), "--out", str(out)]
    options = ["--target", "granted"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as demo:
        for line in demo.stderr:
            if "training GenRe" in line:
                break
        demo.send_signal(signal.SIGINT)
        told = demo.stderr.read().splitlines()
    assert demo.returncode == 130
    assert told[-1] == "carla-genre: interrupted"
    assert "Traceback" not in "".join(told)
    assert not out.exists()


def test_demo_needs_two_decisions_of_h(loans, tmp_path, capsys):
    frame = pd.read_csv(loans)
    random = np.random.default_rng(1)
    blind = frame.assign(granted=np.where(random.random(len(frame)) < 0.02, "yes", "no"))
    blind.to_csv(tmp_path / "blind.csv", index=False)
    options = ["--data", str(tmp_path / "blind.csv"), "--target", "granted", "--out", str(tmp_path / "out")]
    assert main(["demo", "--quick", *options]) == 2
    assert "denies every test row" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_whole_demo_on_adult(tmp_path):
    command = [sys.executable, "-m", "carla_genre.cli", "demo", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "demo.json").read_text())
    scores = content["scores"]
    assert scores["GenRe"]["score"] > max(scores["Dice"]["score"], scores["Wachter"]["score"])
    assert set(scores["GenRe"]["violations"].values()) == {0}
    assert len(content["answers"]) == 3
    for person in content["answers"]:
        assert set(person["changes"]) <= {"education-num", "hours-per-week", "occupation", "workclass"}
        assert person["likely to hold"] > 0.5
    for feature, most in (("education-num", 16), ("hours-per-week", 60)):
        cells = [one["changes"][feature] for one in content["answers"] if feature in one["changes"]]
        assert all(int(after) <= min(most, 1.5 * int(before)) for before, after in cells)


@pytest.mark.parametrize("place", ["", "file/g", "n" * 256, "new/" + "n" * 256])
@pytest.mark.parametrize("command", ["fit", "recourse", "report", "benchmark", "demo"])
def test_a_bad_place_is_told_in_one_line_before_the_work(command, place, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    out = str(tmp_path / place) if place or command == "report" else str(tmp_path / "file")
    (tmp_path / "grid.yaml").write_text("{data: compas, recourse_methods: {CopyFactual: }}")
    given = {
        "fit": ["nowhere.csv", "--model", "nowhere:model", "--target", "y", "--out", out],
        "recourse": [
            "nowhere.csv",
            "--generator",
            "nowhere",
            "--model",
            "nowhere:m",
            "--out",
            f"{out}/x.csv",
        ],
        "report": [str(tmp_path), "--out", out],
        "benchmark": ["grid.yaml", "--results", out],
        "demo": ["--out", out],
    }
    assert main([command, *given[command]]) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1, told
    assert "cannot be" in told or "name a folder" in told or "a folder is wanted" in told

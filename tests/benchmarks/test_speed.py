"""Timings run and agree with their references; the table command tells what was measured and what was not."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.speed import __main__ as command
from benchmarks.speed import answer, crud_loss, methods, stream, training
from benchmarks.speed.alternate import alone, compared
from benchmarks.speed.table import markdown, read_timing, read_timings
from carla_genre.errors import InputError
from carla_genre.generator.config import SamplingConfig
from carla_genre.generator.sampler import sample
from carla_genre.methods.genre.method import GenRe


def rows_of(module, tmp_path: Path, *arguments: str) -> dict[str, dict[str, float]]:
    """A module's rows, read as the table reads them."""
    path = tmp_path / "timing_cpu.json"
    module.main(["--quick", *arguments, "--json", str(path)])
    return {title: dict(row) for title, row in read_timing(path).figures.items()}


@pytest.mark.parametrize(
    ("module", "titles"),
    [
        pytest.param(
            answer,
            [
                "adult, the paper's network",
                "adult, own network without cache",
                "adult, own network with cache, candidates apart",
                "adult, by expected Score, the paper's rule",
            ],
            marks=pytest.mark.slow,
        ),
        (crud_loss, ["CARLA loss"]),
    ],
    ids=["answer", "crud_loss"],
)
def test_a_timing_writes_rows_with_their_reference(
    module, titles: list[str], tmp_path: Path, fewer_steps: None
) -> None:
    rows = rows_of(module, tmp_path, "--runs", "2")
    assert list(rows) == titles
    for row in rows.values():
        assert 0 < row["ratio_min"] <= row["ratio"] <= row["ratio_max"] and row["runs"] == 2
        assert row["ours_s"] > 0 and row["reference_s"] > 0


@pytest.mark.slow
def test_both_trainings_run_on_the_pairs_of_a_classifier(setting, fewer_steps) -> None:
    batch = training.paper_batch(setting.mlmodel)
    assert len(batch.sources) == batch.n_sources and batch.steps == 2000
    (sex,) = np.flatnonzero(batch.immutable)
    assert set(batch.sources[:, sex]) <= set(batch.targets[:, sex])
    assert training.step_reference(batch, layers=1) > 0
    people = setting.factuals[list(setting.mlmodel.feature_input_order)]
    for title, choice in training.RULES.items():
        seconds, answers = training.train_ours(setting.mlmodel, people, {"verbose": False, **choice})
        assert seconds["prepare"] > seconds.get("selector", 0) and answers.index.equals(people.index)
        assert ("selector" in seconds) == ("expected" in title)


@pytest.mark.slow
def test_our_own_network_answers_the_same_without_a_cache(setting, fewer_steps) -> None:
    method = GenRe(setting.mlmodel, {"selection": "validity", "verbose": False})
    factuals = torch.from_numpy(method.schema.encode(setting.factuals))
    most_likely = SamplingConfig(n_samples=2, temperature=1e6)
    ours, plain = (
        way(method.generator, factuals, most_likely)
        for way in (functools.partial(sample, seed=0), answer.sample_plainly)
    )
    bins = method.generator.answer_bins
    torch.testing.assert_close(bins.index(ours), bins.index(plain))


@pytest.mark.slow
def test_training_stands_beside_the_length_of_the_paper_s(tmp_path: Path) -> None:
    rows = rows_of(training, tmp_path)
    assert list(rows) == ["adult", "adult, by expected Score"]
    assert 0 < rows["adult, by expected Score"]["selector_s"] < rows["adult, by expected Score"]["ours_s"]
    for row in rows.values():
        assert row["reference_s"] == pytest.approx(row["reference_step_s"] * row["reference_steps"])
        assert row["ratio"] == pytest.approx(row["reference_s"] / row["ours_s"])
        assert row["reference_steps"] == 2000  # fewer sources than a batch has: one an epoch
        assert -1 < row["score"] <= 2
        assert 100 < row["ours_peak_mb"] < 2000 and 100 < row["reference_peak_mb"] < 2000


def test_a_full_batch_counts_by_the_sources_that_there_are() -> None:
    sources = np.zeros((2048, 2))
    batch = training.Batch(sources, sources, np.zeros(2, bool), n_sources=5120)
    assert batch.steps == 2000 * 2.5


@pytest.mark.slow
def test_an_answer_of_carla_s_methods_is_timed_beside_genre_s(tmp_path: Path) -> None:
    rows = rows_of(methods, tmp_path, "--methods", "Wachter", "GrowingSpheres")
    assert list(rows) == ["Wachter, adult", "GrowingSpheres, adult"]
    for row in rows.values():
        assert row["ratio"] == pytest.approx(row["reference_s"] / row["ours_s"])


@pytest.mark.slow
def test_very_many_people_are_answered_in_one_call(tmp_path: Path) -> None:
    rows = rows_of(stream, tmp_path)
    for title, answers in (("adult, one call", 300 * 2), ("adult, a tenth by expected Score", 30 * 10)):
        row = rows.pop(title)
        assert row["answers_a_second"] == pytest.approx(answers / row["ours_s"])
        assert 0 <= row["ours_peak_mb"] < 500
    assert not rows


@pytest.mark.slow
def test_all_of_the_named_methods_can_be_timed(tmp_path: Path) -> None:
    rows = rows_of(methods, tmp_path)
    assert [title.partition(",")[0] for title in rows] == ["Wachter", "GrowingSpheres", "Dice", "CRUD"]


def test_keras_is_asked_both_ways(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    from benchmarks.speed import keras_call

    (row,) = rows_of(keras_call, tmp_path).values()
    assert row["ratio"] > 0


def test_a_row_is_of_the_pairs_of_runs() -> None:
    row = compared([1.0, 2.0, 4.0], [10.0, 60.0, 20.0])
    assert row == {
        "ours_s": 2.0,
        "reference_s": 20.0,
        "ratio": 10.0,
        "ratio_min": 5.0,
        "ratio_max": 30.0,
        "runs": 3,
    }
    assert alone([3.0, 1.0, 2.0]) == {"ours_s": 2.0, "ours_s_min": 1.0, "ours_s_max": 3.0, "runs": 3}


def test_an_option_that_is_given_wins_over_quick(tmp_path: Path) -> None:
    path = tmp_path / "crud_loss_cpu.json"
    crud_loss.main(["--quick", "--steps", "3", "--batch", "4", "--json", str(path)])
    settings = json.loads(path.read_text())["settings"]
    assert settings == {"columns": 7, "batch": 4, "steps": 3, "runs": 1, "quick": True}


@pytest.mark.slow
def test_the_command_measures_in_a_process_of_its_own_and_prints_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--only", "crud_loss", "--quick", "--json-folder", str(tmp_path)]
    assert command.main(arguments) == 0
    (written,) = tmp_path.iterdir()
    assert written.name.startswith("crud_loss_c")
    table = markdown([read_timing(written)])
    assert capsys.readouterr().out.endswith(f"\n{table}\n")
    assert command.main(["--no-run", "--json-folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{table}\n"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ("import a_package_that_is_absent", 0, "skipped: No module named 'a_package_that_is_absent'"),
        ("raise ValueError('no such file')", 1, "failed: ValueError: no such file"),
        ("import os; os._exit(9)", 1, "failed: the process ended with status 9"),
    ],
)
def test_a_module_that_cannot_be_measured_is_told(
    body: str,
    status: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "torch.py").write_text(body)  # the module finds it before the true one
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert command.main(["--only", "pairs", "--json-folder", str(tmp_path)]) == status
    assert f"pairs: {told}" in capsys.readouterr().err


def test_the_committed_timings_are_in_the_table_and_those_of_the_command_come_first(repository: Path) -> None:
    found = read_timings(repository / "benchmarks" / "results" / "speed", command.MODULES)
    names = [timing.name for timing in found]
    known = [name for name in names if name in command.MODULES]
    assert names[: len(known)] == sorted(known, key=command.MODULES.index)
    lines = markdown(found).splitlines()
    for timing in found:
        for title in timing.figures:
            assert sum(line.startswith(f"| `{timing.name}`, {title} |") for line in lines) == 1


def test_what_is_no_timing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no timings"):
        read_timings(tmp_path)
    (tmp_path / "pairs_cpu.json").write_text('{"settings": {}, "figures": {"ratio": 2.0}, "environment": {}}')
    with pytest.raises(InputError, match=r"pairs_cpu\.json is no timing"):
        read_timings(tmp_path)

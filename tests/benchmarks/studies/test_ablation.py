"""The study of ablations: what stands in the place of a part, what is measured, and its tables."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies.ablation import choices, control, distilling, rules, trainings
from benchmarks.studies.ablation.__main__ import main
from benchmarks.studies.ablation.base import Base, Plan
from benchmarks.studies.ablation.page import markdown
from carla_genre.errors import InputError
from carla_genre.evaluation.gold import GoldClassifier
from carla_genre.evaluation.lof import InlierTest
from carla_genre.evaluation.score import Judge
from carla_genre.harness.record import write
from carla_genre.schema import Feature, Schema
from carla_genre.selection.calibration import Calibration, LogisticCurve, bootstrap
from carla_genre.selection.expected_score import ExpectedScore
from carla_genre.selection.selector import ExpectedScoreSelector
from carla_genre.selection.surrogate import SurrogateJudge

SCHEMA = Schema(tuple(Feature(name, (name,)) for name in ("a", "b")), ("a", "b"))


class Surrogate:
    """The first feature is how valid, the second how much of an outlier."""

    def validity(self, points: np.ndarray) -> np.ndarray:
        return points[:, 0].astype(float)

    def inlier(self, points: np.ndarray) -> np.ndarray:
        return -1 - points[:, 1].astype(float)


class Gold:
    def probability(self, rows: pd.DataFrame) -> np.ndarray:
        return rows["b"].to_numpy()


class Inliers:
    def inliers(self, rows: pd.DataFrame) -> np.ndarray:
        return rows["a"].to_numpy() < 0.6


def h(rows: np.ndarray) -> np.ndarray:
    return rows[..., 0]


def made(reverts: bool = False) -> ExpectedScoreSelector:
    curves = Calibration(LogisticCurve(10.0, -5.0), LogisticCurve(8.0, 12.0))
    judge = cast(SurrogateJudge, Surrogate())
    return ExpectedScoreSelector(ExpectedScore(SCHEMA, judge, curves, h, 0.5), 0.0, reverts)


@pytest.fixture(scope="module")
def asked() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    candidates = random.random((60, 20, 2))
    return random.random((60, 2)) * 0.2, candidates, h(candidates)


def costs(values: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    return np.abs(candidates - values[:, None]).sum(axis=-1)


def test_without_a_term_the_others_decide(asked: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    values, candidates, scores = asked
    cost = np.where(scores > 0.5, costs(values, candidates), np.inf)
    neither = rules.without(made(), has_validity=False, has_inlier=False).select(*asked)
    np.testing.assert_allclose(
        costs(values, neither.answers[:, None])[:, 0], cost.min(axis=1)
    )  # the cheapest
    curve = made().objective.calibration.validity
    alone = rules.without(made(), has_inlier=False).select(*asked)
    # the opinion's numbers are of single precision
    expected = (curve(candidates[..., 0]) - cost / 2).max(axis=1)
    np.testing.assert_allclose(alone.score, expected, atol=1e-6)


def test_thresholds_take_the_cheapest_that_passes(
    asked: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    values, candidates, scores = asked
    hard = rules.Thresholds(made())
    answers = hard.select(values, candidates, scores).answers
    passes = (candidates[..., 0] > 0.8) & (candidates[..., 1] < 0.2)
    someone = passes.any(axis=1)
    assert 0.2 < someone.mean() < 1
    cheapest = np.where(passes, costs(values, candidates), np.inf).min(axis=1)
    np.testing.assert_allclose(costs(values[someone], answers[someone][:, None])[:, 0], cheapest[someone])
    unsure = np.minimum(candidates, [0.65, 1.0])  # none has h > .7: those with h > .5 count
    assert not np.isnan(hard.select(values, unsure, h(unsure)).answers[(scores > 0.5).any(axis=1)]).any()
    back = rules.Thresholds(made(reverts=True)).select(values, candidates, scores).answers
    assert (back[someone, 0] > 0.8).all() and (back[someone, 1] < 0.2).all()
    shorter = costs(values[someone], back[someone][:, None])[:, 0]
    assert (shorter <= cheapest[someone] + 1e-12).all()


def test_no_choice_is_above_the_oracle(asked: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    judge = Judge(SCHEMA, cast(GoldClassifier, Gold()), cast(InlierTest, Inliers()))
    values, candidates, scores = asked

    def score(answers: np.ndarray) -> np.ndarray:
        right = (answers[:, 1] > 0.5).astype(float) + (answers[:, 0] < 0.6)
        return right - costs(values, answers[:, None])[:, 0] / 2

    best = rules.oracle(made(), judge).select(*asked)
    np.testing.assert_allclose(best.score, score(best.answers))
    true = np.stack([score(candidates[:, place]) for place in range(20)], axis=1)
    np.testing.assert_allclose(best.score, np.where(scores > 0.5, true, -np.inf).max(axis=1))
    other = made().select(*asked).answers
    assert score(best.answers).mean() > score(other).mean() + 0.1


def test_numbers_read_otherwise() -> None:
    numbers = np.array([0.2, 0.5, 0.8])
    np.testing.assert_array_equal(rules.Step(0.5, 3.0)(numbers), [0, 0, 3])
    np.testing.assert_allclose(rules.SoftStep(0.5, 0.1)(numbers), [0.00135, 0.5, 0.99865], atol=1e-5)
    np.testing.assert_array_equal(rules.itself(numbers), numbers)


def test_without_a_margin_more_is_valid() -> None:
    random = np.random.default_rng(0)
    rows = random.random((300, 2)).astype(np.float32)
    world = bootstrap(rows, (random.random(300) < rows[:, 0]).astype(int), 0)
    (strict, inside), (loose, same) = world.right(rows), rules.Marginless(*world).right(rows)
    assert (loose >= strict).all() and (loose > strict).any()
    np.testing.assert_array_equal(inside, same)


@pytest.mark.slow
def test_every_way_and_training_is_measured() -> None:
    base = Base("circles", 0, None, Plan(factuals=20, steps=20))
    rows = {row["variant"]: row for row in choices.measured(base)}
    assert list(rows) == list(choices.WAYS) and all(row["answer_cpu_s"] > 0 for row in rows.values())
    assert all(0 < rows[name]["estimated_val"] <= 1 for name in ("default", "boosting instead of the forest"))
    assert all(rows[name]["estimated_val"] is None for name in ("thresholds by hand", "NNR(D_h+)"))
    answers = base.genre.get_counterfactuals(base.setting.factuals)
    assert rows["default"]["score"] == pytest.approx(base.setting.score(answers).score)
    assert rows["oracle: the judge chooses"]["score"] >= rows["default"]["score"]
    found = list(trainings.measured(base))
    assert len(found) == 2 * len(trainings.TRAININGS)
    assert found[1]["score"] == pytest.approx(rows["default"]["score"])  # the same training and rule


@pytest.mark.slow
def test_both_generators_are_measured_by_few_and_many_draws() -> None:
    base = Base("circles", 0, None, Plan(factuals=20, steps=20))
    rows = {row["variant"]: row for row in distilling.measured(base)}
    assert len(rows) == 2 * (len(distilling.DRAWS) + 1)
    answers = base.genre.get_counterfactuals(base.setting.factuals)
    assert rows["default, N = 100"]["score"] == pytest.approx(base.setting.score(answers).score)
    assert rows[f"distilled, {distilling.ONE_DRAW}"]["answered"] == 1
    built = {name: rows[f"{name}, N = 10"]["build_cpu_s"] for name in ("default", "distilled")}
    assert built["distilled"] > built["default"] > 0


@pytest.mark.slow
def test_the_papers_training_is_watched() -> None:
    rows = list(control.measured(Base("circles", 0, None, Plan(factuals=10, control_minutes=0.1))))
    assert [row["steps"] for row in rows[:2]] == [5, 10]
    assert rows[0]["validation_loss"] > rows[-1]["validation_loss"]
    assert rows[-1]["train_cpu_s"] >= 6 > rows[-2]["train_cpu_s"]


@pytest.mark.slow
def test_the_papers_training_goes_on_after_ctrl_c(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    base = Base("circles", 0, None, Plan(factuals=10, control_minutes=0.1))
    threading.Timer(4, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        list(control.measured(base))
    start = time.process_time()
    rows = list(control.measured(base))
    assert time.process_time() - start < rows[-1]["train_cpu_s"]
    assert [row["steps"] for row in rows[:2]] == [5, 10]
    assert not [path for path in tmp_path.rglob("control*") if path.is_file()]


def record(part: str, data: str, seed: int, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"settings": {"part": part, "data": data, "seed": seed}, "figures": {"rows": list(rows)}}


def row(variant: str, score: float) -> dict[str, Any]:
    figures = {"cost": 0.5, "val": 0.9, "lof": 1.0, "right": 0.9, "answered": 1.0}
    return {"variant": variant, "score": score, "answer_cpu_s": 1.5, **figures}


def test_the_gain_is_of_the_same_seed() -> None:
    records = [
        record("choosing", "adult", 0, row("default", 1.9), row("other", 1.8)),
        record("choosing", "adult", 1, row("default", 1.7), row("other", 1.5)),
        record("choosing", "compas", 0, row("default", 1.8), row("other", 1.9)),
    ]
    lines = markdown(records, "choosing").splitlines()
    assert (
        lines[0] == "| variant | Adult: Score | Adult: gain | COMPAS: Score | COMPAS: gain |"
        and lines[2] == "| default | 1.800 ± 0.141 | - | 1.800 | - |"
        and lines[3] == "| other | 1.650 ± 0.212 | -0.150 ± 0.071 | 1.900 | +0.100 |"
    )
    one = markdown(records, "choosing", "compas").splitlines()
    assert one[3] == "| other | 1.900 | +0.100 | 0.500 | 0.900 | 1.000 | 0.900 | 1.000 | 1.50 |"
    telling = [
        record("choosing", "compas", 0, {**row("default", 1.8), "estimated_val": 0.8, "estimated_lof": None})
    ]
    assert "| 1.000 | 0.800 | - | 1.50 |" in markdown(telling, "choosing", "compas")
    two = [
        {**row(name, score), "build_cpu_s": 5.0}
        for name, score in (("default, N = 100", 1.9), ("other", 1.8))
    ]
    few = markdown([*records, record("distilling", "compas", 0, *two)], "distilling", "compas").splitlines()
    assert few[0].endswith("| s to answer | s to build |") and few[2].startswith(
        "| default, N = 100 | 1.900 | - |"
    )
    assert few[3].startswith("| other | 1.800 | -0.100 |") and few[3].endswith("| 1.50 | 5.00 |")
    assert few[-1].endswith("that of the row 'default, N = 100' on the same seed.")
    with pytest.raises(InputError, match="no figures of 'control' on heloc"):
        markdown(records, "control", "heloc")


def test_a_control_that_was_ended_before_its_length_says_so() -> None:
    def steps(full: int, *done: int) -> list[dict[str, Any]]:
        figures = {"full_length": full, "train_cpu_s": 9.0, "validation_loss": 7.0}
        return [{**row("", 1.8), **figures, "steps": one} for one in done]

    records = [
        record("control", "compas", 0, *steps(20, 5, 20)),
        record("control", "heloc", 1, *steps(4000, 5)),
    ]
    last = markdown(records, "control").splitlines()[-1]
    assert last == (
        "The preset's full length: 20 steps on COMPAS, 4,000 steps on HELOC. HELOC, seed 1, was ended after 5."
    )


def test_what_is_there_is_not_measured_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"part": "choosing", "data": "adult", "seed": 0}
    path = tmp_path / "choosing_adult_seed0.json"
    write(path, settings, {"rows": [row("default", 1.9)]})
    before = path.read_bytes()
    assert main(["--quick", "--part", "choosing", "--results", str(tmp_path)]) == 0
    assert path.read_bytes() == before
    assert "| default | 1.900 | - |" in capsys.readouterr().out


@pytest.mark.slow
def test_boosting_judges_in_the_place_of_the_forest() -> None:
    rows = np.random.default_rng(0).random((300, 2)).astype(np.float32)
    judge = rules.Boosted.fit(rows, (rows[:, 0] > 0.5).astype(int), 0)
    assert ((judge.validity(rows) > 0.5) == (rows[:, 0] > 0.5)).mean() > 0.9

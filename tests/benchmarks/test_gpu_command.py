"""The command for whoever is lent a GPU: what it runs, that it keeps its time, and what it tells."""

from pathlib import Path

import pytest
import torch

from benchmarks import gpu
from benchmarks.speed.__main__ import MODULES


def test_all_steps_together_take_less_than_eight_minutes(tmp_path: Path) -> None:
    tests, *timings = gpu.steps(tmp_path, "cuda", dry_run=False)
    assert "gpu" in tests.arguments
    assert sum(step.seconds for step in (tests, *timings)) < 480
    for step in timings:
        assert step.name in MODULES
        assert step.arguments[-1] == str((tmp_path / f"{step.name}_cuda.json").resolve())


def test_a_step_that_fails_or_takes_too_long_is_told_and_the_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "slow.py").write_text("import time; time.sleep(60)")
    (tmp_path / "bad.py").write_text("raise SystemExit(3)")
    (tmp_path / "good.py").write_text("print('here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    seconds = {"slow": 0.3, "bad": 30.0, "good": 30.0}
    assert gpu.run_all([gpu.Step(name, (name,), most) for name, most in seconds.items()]) == 1
    told = capsys.readouterr().out
    assert "slow: ended after 0 s" in told and "bad: failed with status 3" in told and "good: done in" in told


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_way_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu.main([]) == 2
    assert "--dry-run" in capsys.readouterr().err

"""A generator as one file: what it answers where this package cannot be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from generator_cases import PAPER_LIKE, PATCHED, SUMMARY, make_constraints, make_generator, make_rows

from carla_genre.errors import InputError
from carla_genre.generator.config import Architecture, SamplingConfig
from carla_genre.generator.export import export
from carla_genre.generator.sampler import sample

# In another process, to which this package is unknown.
ANSWER = """
import sys
sys.modules["carla_genre"] = None  # an import raises
import numpy, torch
path, questions, seed, answers = sys.argv[1:]
told = {"description.json": ""}
answer = torch.export.load(path, extra_files=told).module()
rows, seed = numpy.load(questions), torch.tensor(int(seed))
whole = answer(torch.from_numpy(rows), seed)
one_by_one = [answer(torch.from_numpy(row[None]), seed) for row in rows[:3]]
assert torch.equal(torch.cat(one_by_one), whole[:3])
numpy.save(answers, whole.numpy())
print(told["description.json"])
"""

RULES = make_constraints(
    immutable=np.array([False, True, False, False]),
    direction=np.array([1, 0, 0, 0]),
    lower=np.array([-np.inf, -np.inf, 0.2, -np.inf]),
)


@pytest.mark.parametrize(
    ("architecture", "sigma"),
    [
        pytest.param(replace(SUMMARY, decoder_layers=1), 0.0, id="summary", marks=pytest.mark.slow),
        pytest.param(SUMMARY, 0.05, id="noise", marks=pytest.mark.slow),
        pytest.param(PAPER_LIKE, 0.0, id="encoder-decoder", marks=pytest.mark.slow),
        pytest.param(PATCHED, 0.0, id="patches", marks=pytest.mark.slow),
    ],
)
def test_the_file_answers_as_the_package_does(
    architecture: Architecture, sigma: float, tmp_path: Path
) -> None:
    generator, rows = make_generator(architecture, RULES), make_rows(50, 9)
    sampling = SamplingConfig(temperature=2.0, sigma=sigma, n_samples=4)
    path = tmp_path / "new" / "generator.pt2"
    export(path, generator, sampling, {"features": ["a", "b"]})
    assert [file.name for file in path.parent.iterdir()] == ["generator.pt2"]
    np.save(tmp_path / "rows.npy", rows)
    command = [sys.executable, "-c", ANSWER, path, tmp_path / "rows.npy", "5", tmp_path / "answers.npy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"features": ["a", "b"], "torch": torch.__version__}
    answers = torch.from_numpy(np.load(tmp_path / "answers.npy"))
    expected = sample(generator, torch.from_numpy(rows), sampling, seed=5)
    assert torch.equal(answers, expected)
    assert (expected != expected[:, :1]).any()
    assert not torch.equal(expected, sample(generator, torch.from_numpy(rows), sampling, seed=6))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no limit for a file's size")
def test_a_full_disk_is_an_error_of_the_path(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = tmp_path / "generator.pt2"
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(InputError, match=r"generator\.pt2 cannot be written"):
            export(path, make_generator(replace(SUMMARY, decoder_layers=1)), SamplingConfig(), {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\*\.pt2"):
        export(tmp_path / "generator.onnx", make_generator(), SamplingConfig(), {})

"""GenRe.export: what the file says of the features, and what it answers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from method_cases import Logistic, denied

from carla_genre import GenRe
from carla_genre.schema import Schema


@pytest.mark.slow
def test_the_exported_file_gives_the_candidates_and_tells_how_rows_are_encoded(
    genre: GenRe, mlmodel: Logistic, tmp_path: Path
) -> None:
    method = genre.with_sampling(seed=3, n_samples=4)
    method.export(tmp_path / "loans.pt2")
    told = {"description.json": ""}
    answer = torch.export.load(tmp_path / "loans.pt2", extra_files=told).module()
    schema = Schema.from_dict(json.loads(told["description.json"])["schema"])
    values = schema.encode(denied(mlmodel, 20))
    candidates = answer(torch.from_numpy(values), torch.tensor(3))
    np.testing.assert_array_equal(candidates.numpy(), method.candidates(values))

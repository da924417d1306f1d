from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from generator_cases import for_each_damage, make_constraints, make_generator, make_rows

from carla_genre.errors import CheckpointError
from carla_genre.generator import checkpoint
from carla_genre.generator.config import Architecture, SamplingConfig
from carla_genre.generator.sampler import sample
from carla_genre.io import SEAL, write_sealed


def test_a_reloaded_generator_gives_the_same_answers(architecture: Architecture, tmp_path: Path) -> None:
    generator = make_generator(
        architecture, make_constraints(immutable=torch.tensor([0, 0, 0, 1]).bool().numpy())
    )
    path = tmp_path / "new folder" / "generator.safetensors"
    checkpoint.save(path, generator, {"owner": "me"}, {"codes": np.array([3, 4])})
    loaded, header, arrays = checkpoint.load(path)
    assert header == {"owner": "me"}
    assert arrays["codes"].tolist() == [3, 4]
    assert loaded.config == generator.config
    rows = torch.from_numpy(make_rows(20, 3))
    assert torch.equal(
        sample(loaded, rows, SamplingConfig(), 0), sample(generator, rows, SamplingConfig(), 0)
    )
    assert [file.name for file in path.parent.iterdir()] == ["generator.safetensors"]  # nothing half written


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        checkpoint.load(tmp_path / "absent")
    path = tmp_path / "file"
    path.write_text("something else")
    with pytest.raises(CheckpointError, match="is no checkpoint"):
        checkpoint.load(path)
    safetensors.torch.save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="is no checkpoint"):
        checkpoint.load(path)


def test_any_change_of_a_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    checkpoint.save(path, make_generator(), {"owner": "me"}, {"codes": np.array([3, 4])})
    assert safetensors.torch.load_file(path)  # it is a safetensors file still
    for_each_damage(path, checkpoint.load, CheckpointError)


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        checkpoint.load(tmp_path)


def test_a_later_format_says_to_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "file"
    checkpoint.save(path, make_generator(), {})
    with safetensors.safe_open(path, "pt") as file:
        metadata = {**file.metadata(), "digest": SEAL, "version": "99"}
    write_sealed(path, safetensors.torch.save(safetensors.torch.load_file(path), metadata))
    with pytest.raises(CheckpointError, match="upgrade"):
        checkpoint.load(tmp_path / "file")

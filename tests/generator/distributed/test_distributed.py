"""Several processes and devices learn what one does; what is not there is refused."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import joined_training
import numpy as np
import pytest
import torch
from generator_cases import TRAINING, make_generator, make_pairs, saved_state
from joined_training import DROPOUT, FROM_ONE, SETTINGS, TO_ONE, interrupted, meeting, train

from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.distributed.training_job import TrainingJob
from carla_genre.generator.distributed.world import World
from carla_genre.generator.fitting import fit

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The working folders of two processes that share no disk; the first has the checkpoint of one that was alone."""
    folders = [tmp_path_factory.mktemp(f"machine-{rank}") for rank in range(2)]
    with pytest.MonkeyPatch.context() as patch, interrupted(rank=1, at=8):
        patch.chdir(folders[0])
        with pytest.raises(KeyboardInterrupt):
            train(replace(SETTINGS, checkpoint=FROM_ONE))
    return folders


@pytest.fixture(scope="module")
def together(machines: list[Path]) -> list[dict[str, Any]]:
    """What each of the two has found; started as torchrun starts them."""
    store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    processes = [
        subprocess.Popen(
            [sys.executable, joined_training.__file__, "results.pt"],
            cwd=folder,
            env={**meeting(store, rank, len(machines)), "TMPDIR": str(folder)},
        )
        for rank, folder in enumerate(machines)
    ]
    try:
        assert [process.wait(120) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
    return [torch.load(folder / "results.pt") for folder in machines]


@pytest.fixture(scope="module")
def alone() -> dict[str, Any]:
    return train(SETTINGS)


def assert_same_curve(found: dict[str, Any], expected: dict[str, Any], rel: float = 1e-4) -> None:
    for part in ("train", "validation"):
        assert found["history"][part] == pytest.approx(expected["history"][part], rel=rel)
    assert found["history"]["step"] == expected["history"]["step"]


@pytest.mark.slow
def test_two_processes_learn_as_one_does(together: list[dict[str, Any]], alone: dict[str, Any]) -> None:
    assert alone["history"]["validation"][-1] < alone["history"]["validation"][0] - 0.3
    for process in together:
        assert_same_curve(process["whole"], alone)
    assert torch.equal(together[0]["whole"]["weights"], together[1]["whole"]["weights"])
    torch.testing.assert_close(together[0]["whole"]["weights"], alone["weights"], rtol=0, atol=0.02)


@pytest.mark.slow
def test_the_first_process_alone_finds_the_pairs(
    together: list[dict[str, Any]], machines: list[Path]
) -> None:
    assert [process["whole"]["asked"] for process in together] == [1, 0]
    assert [process["error"] for process in together] == ["D_h- is empty"] * 2
    assert not [
        path for folder in machines for path in folder.glob("carla-genre-*")
    ]  # what was sent is removed


@pytest.mark.slow
def test_stopped_in_two_processes_resumed_in_one(
    together: list[dict[str, Any]],
    machines: list[Path],
    alone: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [process["stopped"] for process in together] == [True, True]
    assert not (machines[1] / TO_ONE).exists()
    assert saved_state(machines[0] / TO_ONE)["step"] == joined_training.STOP
    monkeypatch.chdir(machines[0])
    resumed = train(replace(SETTINGS, checkpoint=TO_ONE))
    assert resumed["history"]["validation"] == pytest.approx(alone["history"]["validation"], rel=1e-4)
    assert resumed["history"]["step"] == alone["history"]["step"]


@pytest.mark.slow
def test_stopped_in_one_process_resumed_in_two(
    together: list[dict[str, Any]], machines: list[Path], alone: dict[str, Any]
) -> None:
    for process in together:
        found, expected = process["from_one"]["history"], alone["history"]
        assert found["step"] == expected["step"]
        assert found["validation"] == pytest.approx(expected["validation"], rel=1e-4)
    assert not (machines[0] / FROM_ONE).exists()  # finished


@pytest.mark.slow
def test_dropout_is_each_processes_own_and_resumes(
    together: list[dict[str, Any]], machines: list[Path]
) -> None:
    for process in together:
        assert process["dropout_stopped"]
        assert (
            process["dropout_resumed"]["history"]["validation"] == process["dropout"]["history"]["validation"]
        )
        assert torch.equal(process["dropout_resumed"]["weights"], process["dropout"]["weights"])
    assert not (machines[0] / DROPOUT).exists()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("n", [0, 1, 2, 64, 101])
def test_every_row_is_one_process_s_and_shares_are_even(n: int, size: int) -> None:
    world = World()
    world.size = size
    shares = []
    for rank in range(size):
        world.rank = rank
        shares.append(list(range(n))[world.share(n)])
    assert [row for share in shares for row in share] == list(range(n))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("table", ["on", "off"])
def test_a_job_comes_back_with_its_pairs_mapped_from_the_file(table: str, tmp_path: Path) -> None:
    generator, pairs = make_generator(), make_pairs(config=PairConfig(top_k=20, table=table))
    TrainingJob(generator, pairs, TRAINING, 3, False, "other", "cpu", 1, 30).write(tmp_path)
    found = TrainingJob.read(tmp_path)
    assert (found.seed, found.verbose, found.name, found.device) == (3, False, "other", "cpu")
    state = generator.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in found.generator.state_dict().items())
    read = found.pairs
    assert type(read) is type(pairs) and len(read) == len(pairs)
    np.testing.assert_array_equal(read.sources, pairs.sources)
    np.testing.assert_array_equal(read.targets, pairs.targets)
    rows, uniform = torch.arange(len(pairs)), torch.linspace(0, 0.999, len(pairs))[:, None]
    assert torch.equal(read.target_at(rows, uniform), pairs.target_at(rows, uniform))
    if sys.platform == "linux":
        assert str(tmp_path) in Path("/proc/self/maps").read_text()


@pytest.mark.parametrize(
    ("changes", "device", "message"),
    [({"nodes": 2}, "cpu", "torchrun --nnodes 2"), ({"devices": 99}, "cuda", "training.devices = 99")],
)
def test_devices_and_machines_that_are_not_there(changes: dict[str, int], device: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit(lambda: pytest.fail("asked"), replace(TRAINING, **changes), torch.device(device), seed=0)


def test_a_cluster_of_another_number_of_processes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 3, "TORCHELASTIC_RUN_ID": "test"}.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(InputError, match=r"number of processes that were started.*world size \(3\)"):
        fit(lambda: pytest.fail("asked"), replace(TRAINING, devices=2), CPU, seed=0)


def test_without_fabric_several_devices_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with pytest.raises(MissingDependencyError, match=r"carla-genre\[distributed\]"):
        fit(lambda: pytest.fail("asked"), replace(TRAINING, devices=2), CPU, seed=0)


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_two_gpus_learn_as_a_processor_does(alone: dict[str, Any]) -> None:
    training = replace(SETTINGS, devices=2, precision="float32")
    device = torch.device("cuda")
    generator, history = fit(
        lambda: (make_generator(training=training).to(device), make_pairs()), training, device, seed=0
    )
    assert generator.device.type == "cuda"
    assert history.validation[-1] == pytest.approx(alone["history"]["validation"][-1], abs=0.2)

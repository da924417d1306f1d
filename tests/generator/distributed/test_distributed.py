import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import joined_training
import numpy as np
import pytest
import torch
from generator_cases import TRAINING, make_generator, make_pairs
from joined_training import DROPOUT, FROM_ONE, SETTINGS, TO_ONE, interrupted, train

from carla_genre.errors import CarlaGenreError, InputError, MissingDependencyError, TrainingError
from carla_genre.generator.config import PairConfig, Training
from carla_genre.generator.distributed.training_job import TrainingJob
from carla_genre.generator.distributed.world import World
from carla_genre.generator.fitting import fit
from carla_genre.io import SEAL, read_sealed

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
    meeting = {
        "TORCHELASTIC_RUN_ID": "test",
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "WORLD_SIZE": "2",
        "LOCAL_RANK": "0",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path),
    }
    if sys.platform == "linux":
        meeting["GLOO_SOCKET_IFNAME"] = "lo"
    processes = [
        subprocess.Popen(
            [sys.executable, joined_training.__file__, "results.pt"],
            cwd=folder,
            env={**os.environ, **meeting, "RANK": str(rank), "GROUP_RANK": str(rank), "TMPDIR": str(folder)},
        )
        for rank, folder in enumerate(machines)
    ]
    try:
        assert [process.wait(120) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
    return [torch.load(folder / "results.pt") for folder in machines]


def saved_state(file: Path) -> dict[str, Any]:
    return torch.load(io.BytesIO(read_sealed(file)[len(SEAL) :]))  # type: ignore[no-any-return]


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


def train_in_two(training: Training) -> None:
    training = replace(training, devices=2)
    fit(lambda: (make_generator(training=training), make_pairs()), training, CPU, seed=0, verbose=False)


@pytest.mark.slow
def test_an_error_in_a_worker_is_the_caller_s() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(TrainingError, match="lower training"):
        train_in_two(replace(TRAINING, learning_rate=1e30, clip=0.0))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def workers() -> list[int]:
    """The processes that this one has started to train."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [pid for pid in map(int, children) if b"import work" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")
def test_a_worker_that_was_killed_is_the_cause_of_the_others_errors(tmp_path: Path) -> None:
    file = tmp_path / "state.pt"
    endless = replace(TRAINING, steps=10**6, evaluations=10**5, patience=0, checkpoint=str(file))
    killed = pytest.raises(CarlaGenreError, match=r"number [01] was ended by SIGKILL")
    with once_written(file, lambda: os.kill(workers()[0], signal.SIGKILL)), killed:
        train_in_two(endless)
    assert workers() == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")
def test_workers_do_not_outlive_a_caller_that_was_killed(tmp_path: Path) -> None:
    """The caller is a script without a guard, whose generator is made by what cannot be pickled."""
    file = tmp_path / "state.pt"
    script = SCRIPT.format(path=str(file), folder=str(Path(joined_training.__file__).parent))
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, tmp_path / "script.py"]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=env, start_new_session=True) as caller:
        try:
            wait_for(file.exists)
            children = Path(f"/proc/{caller.pid}/task/{caller.pid}/children").read_text().split()
        finally:
            caller.kill()
    assert len(children) >= 2
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from dataclasses import replace
import torch
from generator_cases import TRAINING, make_generator, make_pairs
from carla_genre.generator.fitting import fit
from carla_genre.io import SEAL, read_sealed
endless = replace(TRAINING, steps=10**6, evaluations=10**5, patience=0, checkpoint={path!r}, devices=2)
fit(lambda: (make_generator(training=endless), make_pairs()), endless, torch.device("cpu"), seed=0, verbose=False)
"""


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextlib.contextmanager
def once_written(file: Path, act: Callable[[], None]) -> Iterator[None]:
    """Act in a thread once there is a file."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if file.exists():
                act()
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def listens_everywhere(pid: int | str) -> list[str]:
    """Addresses that a process listens on, but for those that only this machine reaches."""
    sockets = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    lines = [
        line.split()
        for kind in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{kind}").read_text().splitlines()
    ]
    return [
        line[1]
        for line in lines
        if line[3] == "0A" and f"socket:[{line[9]}]" in sockets and not line[1].startswith("0100007F:")
    ]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for sockets in /proc")
def test_workers_hide_until_ctrl_c_in_the_parent_saves_and_ends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not listen to the network, import nothing from the current folder, and leave a whole state."""
    for name in ("calendar.py", "torch.py", "pickle.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    found: list[str] = []
    before = set(listens_everywhere("self"))  # of other tests' stores

    def look() -> None:
        now = {address for pid in ("self", *workers()) for address in listens_everywhere(pid)}
        found.extend(now - before)
        os.kill(os.getpid(), signal.SIGINT)

    file = tmp_path / "state.pt"
    endless = replace(TRAINING, steps=10**6, evaluations=10**5, patience=0, checkpoint=str(file))
    with once_written(file, look), pytest.raises(KeyboardInterrupt):
        train_in_two(endless)
    assert found == []
    state = saved_state(file)
    assert state["step"] >= 10 and len(state["dropout"]) == 2
    time.sleep(0.3)
    assert saved_state(file)["step"] == state["step"]  # nobody trains on


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

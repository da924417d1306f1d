"""The processes that a training on two devices starts: their errors, and that none is left or heard of outside."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import joined_training
import pytest
import torch
from generator_cases import TRAINING, make_generator, make_pairs, saved_state

from carla_genre.errors import CarlaGenreError, TrainingError
from carla_genre.generator.config import Training
from carla_genre.generator.fitting import fit

CPU = torch.device("cpu")
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

JOINED = """
import atexit
import torch
from carla_genre.generator.config import Training
from carla_genre.generator.distributed.fabric_world import FabricWorld, make_fabric

atexit.register(lambda: print(torch.distributed.is_initialized()))  # the first to be noted is the last to be called
FabricWorld(make_fabric(Training(), torch.device("cpu")))
print(torch.distributed.is_initialized())
"""


def train_in_two(training: Training) -> None:
    training = replace(training, devices=2)
    fit(lambda: (make_generator(training=training), make_pairs()), training, CPU, seed=0, verbose=False)


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


def workers() -> list[int]:
    """The processes that this one has started to train."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [pid for pid in map(int, children) if b"import work" in Path(f"/proc/{pid}/cmdline").read_bytes()]


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
def test_an_error_in_a_worker_is_the_caller_s() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(TrainingError, match="lower training"):
        train_in_two(replace(TRAINING, learning_rate=1e30, clip=0.0))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


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


def test_a_process_leaves_the_group_while_python_runs() -> None:
    """A thread of gloo that asks for Python when it has ended aborts a process whose training is done."""
    store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    command = [sys.executable, "-c", JOINED]
    printed = subprocess.run(
        command, env=joined_training.meeting(store, 0, 1), stdout=subprocess.PIPE, text=True, check=True
    )
    assert printed.stdout.split() == ["True", "False"]

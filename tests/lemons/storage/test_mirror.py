"""A folder in a bucket and its mirror, on a real S3 server on loopback."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("pyarrow", reason="buckets are asked by pyarrow")

from lemons.errors import DataError, NotHereError, ParameterError
from lemons.files import cache_folder
from lemons.storage import Mirror, Status, local_file, mirror, open_folder
from tests.s3 import cable

LARGE = bytes(range(256)) * 2**14  # 4 MiB


def files_in(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_a_folder_and_its_mirror_answer_alike(s3, tmp_path):
    for name in ("tracks.csv", "audio/ode to joy.flac", "audio/Zoë.flac", "stems/S1/vocals.flac"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    folder, remote = open_folder(tmp_path), open_folder(s3.upload(tmp_path, "demo"))
    for name in ("audio", "", "stems/S1", "./audio/../audio", "nowhere"):
        assert remote.names(name) == folder.names(name)
    names = ("audio/Zoë.flac", "audio//Zoë.flac", "audio/../tracks.csv", "audio", "stems", "x.flac", "tracks.csv/x")
    for name in names:
        assert remote.why_none(name) == folder.why_none(name)
        assert (remote.status(name) is None) == (folder.status(name) is None)
    assert remote.status("tracks.csv").size == folder.status("tracks.csv").size
    assert files_in(remote.path) == []  # nothing of this needs a file
    assert remote.fetch("audio/Zoë.flac").read_text() == "audio/Zoë.flac"
    assert files_in(remote.path) == ["audio/Zoë.flac"]


@pytest.mark.parametrize("name", ["/etc/hostname", "../secret", "audio/../../secret"])
def test_nothing_outside_of_the_folder_is_read_or_written(s3, name):
    s3.put("secret", b"not of the library")
    s3.put("demo/song.wav", b"la")
    remote = open_folder(s3.url("demo"))
    assert remote.status(name) is None
    assert "outside" in remote.why_none(name)
    assert not remote.fetch(name).exists()


def test_a_file_is_fetched_once_and_again_when_it_changed(s3):
    s3.put("demo/song.wav", b"la la")
    for content in (b"la la", b"la la la"):
        s3.put("demo/song.wav", content)
        opened = [Mirror(s3.url("demo")) for _ in range(2)]
        time.sleep(1.1)  # dates count in seconds: a copy that has not the date that it has there is told apart
        since = len(s3.server.requests())
        assert [one.fetch("song.wav").read_bytes() for one in opened] == [content, content]
        assert s3.asked(since).count(("GET", "demo/song.wav")) == 1
        assert opened[0].status("song.wav") == opened[1].status("song.wav")  # and so is what is cached by it


def test_tables_that_the_bucket_lacks_are_none_here(s3):
    s3.put("demo/tracks.csv", b"track_id")
    s3.put("demo/song.wav", b"la")
    remote = open_folder(s3.url("demo"))
    remote.refresh("tracks.csv")
    assert (remote.path / "tracks.csv").read_bytes() == b"track_id"
    s3.delete("demo/tracks.csv")
    remote.refresh("tracks.csv")
    assert files_in(remote.path) == []


def test_a_file_that_changed_or_vanished_since_the_folder_was_opened_is_not_taken_for_the_other(s3):
    s3.put("demo/song.wav", b"la la")
    s3.put("demo/ode.wav", b"la la")
    remote = open_folder(s3.url("demo"))
    remote.refresh()
    s3.put("demo/song.wav", b"another")
    s3.delete("demo/ode.wav")
    with pytest.raises(NotHereError, match=r"s3://.*/demo/song.wav has changed .* open it again"):
        remote.fetch("song.wav")
    with pytest.raises(DataError, match=r"no such file: s3://.*/demo/ode.wav \(it is gone"):
        remote.fetch("ode.wav")
    assert files_in(remote.path) == []


def test_a_listing_of_many_files_is_used_again_until_a_table_changes(s3, monkeypatch):
    monkeypatch.setattr(mirror, "KEPT_FROM", 1)
    for name in ("tracks.csv", "song.wav"):
        s3.put(f"demo/{name}", b"la")
    Mirror(s3.url("demo")).refresh("tracks.csv")
    s3.put("demo/new.wav", b"la")
    since = len(s3.server.requests())
    remote = Mirror(s3.url("demo"))
    remote.refresh("tracks.csv")
    assert remote.names("") == {"tracks.csv", "song.wav"}
    assert s3.asked(since) == [("HEAD", "demo/tracks.csv")]
    s3.put("demo/tracks.csv", b"la la")
    remote.refresh("tracks.csv")
    assert "new.wav" in remote.names("")
    (remote.path.parent / "listing.sqlite").write_bytes(b"damaged")
    remote.refresh("tracks.csv")
    assert "new.wav" in remote.names("")


def test_half_a_download_is_a_sentence_and_no_file(s3):
    s3.put("demo/song.wav", LARGE)
    with cable(s3.server, 2**20, then="cut") as port:
        remote = open_folder(s3.url("demo", port))
        remote.refresh()
        with pytest.raises(NotHereError, match=r"demo/song.wav .*try again|cannot read s3://.*/demo/song.wav"):
            remote.fetch("song.wav")
    assert files_in(remote.path) == []


def test_a_download_that_is_killed_leaves_no_file_of_that_name(s3):
    s3.put("demo/song.wav", LARGE)
    with cable(s3.server, 2**21, then="stuck") as port:
        remote = open_folder(s3.url("demo", port))
        program = f"from lemons.storage import open_folder; open_folder({remote.place!r}).fetch('song.wav')"
        process = subprocess.Popen([sys.executable, "-c", program], env=os.environ)
        while not files_in(remote.path):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (remote.path / "song.wav").exists()
    whole = open_folder(s3.url("demo"))
    assert whole.fetch("song.wav").read_bytes() == LARGE


def test_what_goes_wrong_is_a_sentence_with_what_to_do(s3):
    s3.put("demo/song.wav", b"la")
    nowhere = open_folder(s3.url("demo").replace("bucket", "no-bucket"))
    with pytest.raises(NotHereError, match=r"cannot list s3://no-bucket-\d+/demo \(.*NO_SUCH_BUCKET.*check the bucket"):
        nowhere.refresh()
    with pytest.raises(NotHereError, match="cannot open s3://music/demo .*'colour'"):
        open_folder("s3://music/demo?colour=red").refresh()
    s3.server.ask("POST", "moto-api/reset-auth", b"0")  # from now on it asks for keys that it gave out
    try:
        with pytest.raises(NotHereError, match=r"cannot list s3://.*INVALID_ACCESS_KEY_ID.*check the keys"):
            open_folder(s3.url("demo")).refresh()
    finally:
        s3.server.ask("POST", "moto-api/reset-auth", b"inf")


def test_a_server_out_of_reach_is_a_sentence():
    with pytest.raises(NotHereError, match=r"cannot list s3://music/demo \(.*check that its server can be reached"):
        open_folder("s3://music/demo?scheme=http&endpoint_override=127.0.0.1:1&region=x").refresh()


@pytest.mark.parametrize("url", ["s3://me:secret@music/demo", "gs://me:secret@music", "ftp://me:secret@music/demo"])
def test_a_password_is_refused_and_not_repeated(url):
    with pytest.raises(ParameterError, match="holds a password") as caught:
        open_folder(url)
    assert "secret" not in str(caught.value)
    assert not cache_folder().joinpath("remote").exists()


@pytest.mark.parametrize("url", ["http://music/demo", "s3://", "s3:///demo"])
def test_other_urls_are_refused(url):
    with pytest.raises(ParameterError, match="give s3://bucket/folder"):
        open_folder(url)


def test_a_file_by_its_url(s3, tmp_path):
    s3.put("models/best_model.pt", b"one")
    url = s3.url("models/best_model.pt")
    assert local_file(tmp_path) == tmp_path
    assert local_file(url).read_bytes() == b"one"
    since = len(s3.server.requests())
    assert local_file(url).name == "best_model.pt"
    assert ("GET", "models/best_model.pt") not in s3.asked(since)
    s3.put("models/best_model.pt", b"other")
    assert local_file(url).read_bytes() == b"other"
    with pytest.raises(DataError, match=r"no such file: s3://.*/models/none.pt; check the URL"):
        local_file(s3.url("models/none.pt"))


def test_a_folder_is_put_and_brought_as_a_whole(s3, tmp_path):
    remote = open_folder(s3.url("experiments"))
    run = remote.path / "run"
    run.mkdir(parents=True)
    (run / "model.pt").write_bytes(b"weights")
    assert remote.folders() == set()
    since = len(s3.server.requests())
    remote.put("run", ["model.pt"], last=("training.json", "{}"))
    assert s3.written(since) == ["experiments/run/model.pt", "experiments/run/training.json"]
    assert remote.folders() == {"run"}
    run.rename(tmp_path / "away")
    s3.put("experiments/half/model.pt", b"weights")
    for name in ("run", "half"):
        remote.bring(name, last="training.json")
    assert files_in(remote.path) == ["run/model.pt", "run/training.json"]


def test_a_date_is_compared_in_whole_seconds():
    """As heads of files have it, whatever a listing or a file system has."""
    assert mirror._same(Status(1_700_000_000, 5), Status(1_999_999_999, 5))
    assert not mirror._same(Status(1_700_000_000, 5), Status(2_000_000_000, 5))

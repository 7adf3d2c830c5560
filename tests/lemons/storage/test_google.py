"""A folder in Google's storage, on an emulator of it on loopback."""

import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="buckets are asked by pyarrow")

from lemons.storage import Status, open_folder
from tests import s3

EMULATOR = Path(s3.SERVER or "moto_server").with_name("gcp-storage-emulator")  # beside moto's


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    if not EMULATOR.is_file():
        pytest.skip("Google's storage needs an emulator: install 'gcp-storage-emulator' beside moto's $MOTO_SERVER")
    port = s3.free_port()
    command = [EMULATOR, "start", "--host=127.0.0.1", f"--port={port}", "--in-memory", "--default-bucket=lab"]
    bucket = f"http://127.0.0.1:{port}/storage/v1/b/lab"
    log = tmp_path_factory.mktemp("google") / "log"
    with s3.started(command, log, ready=lambda: urllib.request.urlopen(bucket).close()):
        yield port


def url(port, folder):
    return f"gs://anonymous@{folder}?scheme=http&endpoint_override=127.0.0.1:{port}&retry_limit_seconds=1"


def test_a_run_is_put_found_and_brought(port):
    remote = open_folder(url(port, "lab/runs"))
    assert remote.folders() == set()
    run = remote.path / "2026_marko"
    (run / "curves").mkdir(parents=True)
    (run / "model.pt").write_bytes(b"weights")
    remote.put(run.name, ["model.pt"], last=("training.json", "{}"))
    assert remote.folders() == {run.name}
    assert open_folder(url(port, "lab")).folders() == {"runs"}
    (run / "model.pt").rename(run / "curves" / "away.pt")
    remote.bring(run.name, last="training.json")
    assert (run / "model.pt").read_bytes() == b"weights"
    assert (run / "training.json").read_text() == "{}"


def test_a_library_is_listed_and_its_files_are_fetched(port):
    remote = open_folder(url(port, "lab/demo"))
    for name, content in {"tracks.csv": b"track_id", "audio/Zo\u00eb.flac": b"la la"}.items():
        remote.bucket.write(name, content)
    remote.refresh()
    assert remote.names("") == {"tracks.csv"}
    assert remote.names("audio") == {"Zo\u00eb.flac"}
    assert isinstance(remote.status("audio/Zo\u00eb.flac"), Status)
    assert remote.fetch("audio/Zo\u00eb.flac").read_bytes() == b"la la"
    assert remote.why_none("audio") == "it is a folder"
    assert remote.why_none("ode.wav") == "there is none"

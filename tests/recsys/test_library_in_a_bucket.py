"""A library in a bucket is the library: the same tracks, sound, recommendations and work as the same folder here."""

import os
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("pyarrow", reason="buckets are asked by pyarrow")

from explanations.commands.library import app
from lemons.config import read_config
from lemons.errors import ConfigError, DataError, NotHereError, ParameterError
from lemons.fleet import Results, run_here
from lemons.fleet.stems import stem_units
from lemons.library import open_library
from recsys.data.splits import load_or_draw_split
from recsys.fleet.embeddings import embedding_units
from recsys.model_runs import best_checkpoint
from recsys.recommend import recommend


@pytest.fixture
def there(short_library, s3):
    """The library at a URL, and the same folder here, with the dates that its files have there."""
    with (short_library.path / "tracks.csv").open("a") as table:
        table.write("T20,Song,Band,rock,audio/T20.flac\nT21,Song,Band,rock,../T21.flac\n")
    (short_library.path / "stems" / "T0" / "._vocals.flac").write_bytes(b"a shadow")
    url = s3.upload(short_library.path, "short")
    library = open_library(url)
    for file in library.files._listing:
        mtime_ns = library.files.status(file).mtime_ns
        os.utime(short_library.path / file, ns=(mtime_ns, mtime_ns))
    return library


@pytest.fixture
def here(there, short_library):
    return open_library(short_library.path)


def fetched(library):
    files = (file.relative_to(library.path) for file in library.path.rglob("*") if file.is_file())
    return sorted(file.as_posix() for file in files if file.parts[0] in ("audio", "stems"))


def test_it_is_the_same_library(there, here):
    assert there.fingerprint == here.fingerprint
    assert dict(there.rows) == dict(here.rows)
    assert {user: there.plays[user] for user in there.users} == {user: here.plays[user] for user in here.users}
    assert there.skipped[0] == f"track T20 skipped: no such file: {there.files.shown}/audio/T20.flac (there is none)"
    assert there.skipped[0].replace(there.files.shown, str(here.path)) == here.skipped[0]
    assert len(there.skipped) == len(here.skipped) == 2
    assert list(there.stamps(here.rows)) == list(here.stamps(here.rows))
    assert fetched(there) == []
    assert np.array_equal(there.load_audio("T3"), here.load_audio("T3"))
    assert fetched(there) == ["audio/T3.flac"]
    assert {name: y.tobytes() for name, y in there.stems("T0").items()} == {
        name: y.tobytes() for name, y in here.stems("T0").items()
    }
    assert fetched(there) == ["audio/T0.flac", "audio/T3.flac", "stems/T0/drums.flac", "stems/T0/vocals.flac"]


def test_it_recommends_the_same_and_hears_a_track_once(there, here, model_paths, s3):
    checkpoint = best_checkpoint(model_paths["experiments_path"], "marko", library=here)
    expected = recommend(checkpoint, here, "marko", n=5)
    (checkpoint.parent / "relevance.npy").unlink()
    assert recommend(checkpoint, there, "marko", n=5).equals(expected)
    split = load_or_draw_split(there, "marko")
    assert fetched(there) == sorted(f"audio/{one}.flac" for one in split.loc[split["split"] == "test", "track_id"])
    shutil.rmtree(there.path / "audio")
    since = len(s3.server.requests())
    assert recommend(checkpoint, open_library(there.files.place), "marko", n=5).equals(expected)
    assert [path for method, path in s3.asked(since) if "audio" in path] == []  # what is kept holds


def test_a_split_in_the_bucket_is_the_split(there, here, s3):
    split = load_or_draw_split(here, "marko")
    swapped = split.assign(split=split["split"].replace({"train": "test", "test": "train"}))
    s3.put("short/splits/marko.csv", swapped.to_csv(index=False).encode())
    assert load_or_draw_split(open_library(there.files.place), "marko").equals(swapped)


def test_the_same_work_has_the_same_keys_and_is_done_by_the_url(there, here, model_paths, tmp_path):
    checkpoint = best_checkpoint(model_paths["experiments_path"], "marko", library=here)
    units, expected = embedding_units(there, checkpoint, shard=8), embedding_units(here, checkpoint, shard=8)
    assert [unit.key for unit in units] == [unit.key for unit in expected]
    stems = [stem_units(library, separator="hpss", track_ids=["T0"])[0] for library in (there, here)]
    assert stems[0].key == stems[1].key
    assert units[0].arguments["library"] == stems[0].arguments["library"] == there.files.place
    one, other = Results(tmp_path / "one"), Results(tmp_path / "other")
    assert run_here([*units[:1], stems[0]], one) == run_here([*expected[:1], stems[1]], other) == []
    for key in (units[0].key, stems[0].key):
        assert one.read(key).equals(other.read(key))


def test_what_happens_to_files_there_is_seen_here(there, s3):
    before = there.load_audio("T3")
    s3.put("short/audio/T3.flac", there.audio_path("T4").read_bytes())
    s3.put("short/audio/T5.flac", b"damaged")
    s3.delete("short/audio/T6.flac")
    opened = open_library(there.files.place)
    assert not np.array_equal(opened.load_audio("T3"), before)
    assert np.array_equal(opened.load_audio("T3"), opened.load_audio("T4"))
    assert opened.stamp("T3") != there.stamp("T3")
    with pytest.raises(DataError, match=r"s3://.*/short/audio/T5.flac"):
        opened.load_audio("T5")
    assert any("track T6 skipped: no such file: s3://" in one for one in opened.skipped)


def test_a_network_failure_is_not_the_tracks_fault(there, model_paths, tmp_path, s3_server):
    checkpoint = best_checkpoint(model_paths["experiments_path"], "marko", library=there)
    s3_server.ask("POST", "moto-api/reset-auth", b"0")  # from now on our keys are none
    try:
        with pytest.raises(NotHereError):
            there.load_audio("T7")
        units = embedding_units(there, checkpoint, track_ids=["T7"])
        (failure,) = run_here(units, Results(tmp_path / "results"))
    finally:
        s3_server.ask("POST", "moto-api/reset-auth", b"inf")
    assert "INVALID_ACCESS_KEY_ID" in failure.why
    assert run_here(units, Results(tmp_path / "results")) == []


def test_the_configuration_takes_urls(there, tmp_path, monkeypatch):
    monkeypatch.delenv("LEMONS_LIBRARY", raising=False)
    (tmp_path / "mine.py").write_text(f"library_path = {there.files.place!r}\nexperiments_path = 's3://lab/runs'\n")
    config = read_config(tmp_path / "mine.py")
    assert config.library_path == there.path
    assert open_library(config.library_path).files.place == there.files.place
    assert config.experiments_path.name == "runs"
    monkeypatch.setenv("LEMONS_LIBRARY", "s3://me:secret@music/demo")
    with pytest.raises(ConfigError, match=r"\$LEMONS_LIBRARY: s3://music/demo holds a password"):
        read_config(tmp_path / "mine.py")


def test_a_trunk_in_a_bucket_is_the_trunk(here, model_paths, tmp_path, s3):
    checkpoint = best_checkpoint(model_paths["experiments_path"], "marko", library=here)
    s3.put("models/trunk.pt", checkpoint.read_bytes())
    (unit,) = embedding_units(here, s3.url("models/trunk.pt"), track_ids=["T0"])
    assert unit.key == embedding_units(here, checkpoint, track_ids=["T0"])[0].key
    assert unit.arguments["checkpoint"] == s3.url("models/trunk.pt")
    assert run_here([unit], Results(tmp_path / "results")) == []


def test_no_library_is_made_in_a_bucket(there, monkeypatch):
    monkeypatch.setenv("LEMONS_LIBRARY", there.files.place)
    found = CliRunner().invoke(app, ["demo"])
    assert isinstance(found.exception, ParameterError)
    assert "a library is made in a folder here; give --out, and copy it to s3://" in str(found.exception)

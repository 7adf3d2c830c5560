"""Damaged files of every kind that is read: whatever their bytes, nothing but a LemonsError comes out.

A small valid file is changed at random: bytes flipped, cut out, put in, said twice. The changes are always the same.
`make fuzz` makes many more, and others every time: it sets LEMONS_FUZZ to how many for each kind of file.
"""

import io
import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from lemons.audio import load, quantize, write_flac
from lemons.audio.reader import AudioReader
from lemons.config import read_config
from lemons.errors import LemonsError
from lemons.explaining.explain import explain
from lemons.explaining.explanation import load_explanation, load_explanations
from lemons.explaining.what_if import load_what_if
from lemons.library import open_library
from lemons.library.histories import read_history
from lemons.separation.demucs import Demucs
from lemons.separation.pickled_arrays import read_pickled_arrays
from lemons.separation.spleeter.configuration import read_configuration
from lemons.separation.tf_checkpoint import read_checkpoint
from recsys.checkpoints import load_checkpoint, save_checkpoint
from recsys.data.splits import load_or_draw_split
from recsys.evaluation.evaluate import read_scores
from recsys.model import FCN
from recsys.model_runs import best_checkpoint, finish_run, finished_runs, new_run
from recsys.records.read import read_curves, read_runs

N_CHANGES = int(os.environ.get("LEMONS_FUZZ", 15))
fuzz = settings(
    max_examples=N_CHANGES,
    derandomize="LEMONS_FUZZ" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
INSERTED = [b"\0" * 8, b"\xff" * 8, b'"', b"1e999", b"[" * 5000]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "drop", "insert", "repeat", "replace"]),
        st.floats(0, 1, exclude_max=True),  # where, of the file's length
        st.integers(1, 64),  # how many bytes
        st.one_of(
            st.binary(min_size=1, max_size=8), st.sampled_from([b"\0" * 8, b"\xff" * 8, b'"', b"1e999", b"[" * 5000])
        ),
    ),
    min_size=1,
    max_size=4,
)


def changed(content, changes):
    """The bytes after some changes."""
    for kind, where, n, new in changes:
        place = int(where * len(content))
        before, after = content[:place], content[place:]
        if kind == "flip":
            content = before + bytes([after[0] ^ (1 << n % 8)]) + after[1:] if after else before
        elif kind == "cut":
            content = before
        elif kind == "drop":
            content = before + after[n:]
        elif kind == "insert":
            content = before + new + after
        elif kind == "repeat":
            content = before + after[:n] + after
        else:
            content = before + new + after[len(new) :]
    return content


def survives(file, content, changes, read):
    """Read the changed file; it may be refused, in one sentence, or be read."""
    file.write_bytes(changed(content, changes))
    try:
        read()
    except LemonsError as error:
        said = str(error)
    else:
        return
    assert said.strip()
    assert "pickle" not in said


def sound(suffix):
    y = 0.5 * np.sin(np.arange(4000) / 5)
    file = io.BytesIO()
    if suffix == "npy":
        np.save(file, y)
    else:
        soundfile.write(file, np.stack([y, y], axis=1), 16000, format=suffix.upper())
    return file.getvalue()


def drain(path):
    load(path)
    with AudioReader(path) as reader:
        for _ in reader.blocks(1000):
            pass


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff", "npy"])
@fuzz
@given(changes=CHANGES)
def test_sounds(tmp_path_factory, suffix, changes):
    path = tmp_path_factory.getbasetemp() / f"fuzzed.{suffix}"
    survives(path, sound(suffix), changes, lambda: drain(path))


TABLE = "user,artist,track,playcount\nmarko,Band,Song,3\nnina,Band,Other Song,1\n"
SCROBBLES = "Band,Album,Song,01 Jan 2020 10:00\nBand,Album,Other Song,02 Jan 2020 11:00\n"
LISTEN = {"track_metadata": {"artist_name": "Band", "track_name": "Song"}, "listened_at": 1, "user_name": "marko"}
TRACKS = [{"artist": {"#text": "Band"}, "name": "Song", "date": {"uts": "1"}}]
HISTORIES = {
    "table.csv": TABLE,
    "scrobbles.csv": SCROBBLES,
    "listens.json": json.dumps([LISTEN]),
    "listens.jsonl": json.dumps(LISTEN) + "\n",
    "lastfm.json": json.dumps({"recenttracks": {"track": TRACKS}}),
}


@pytest.mark.parametrize("name", HISTORIES)
@fuzz
@given(changes=CHANGES)
def test_histories(tmp_path_factory, name, changes):
    path = tmp_path_factory.getbasetemp() / name
    survives(path, HISTORIES[name].encode(), changes, lambda: read_history(path))


@pytest.fixture(scope="module")
def library_folder(tmp_path_factory):
    """A library of 20 tracks of a quarter of a second, half of them played by marko, with his split."""
    folder = tmp_path_factory.mktemp("library")
    for i in range(20):
        write_flac(folder / f"audio/T{i}.flac", quantize(0.1 * np.sin(np.arange(4000) * (i + 1) / 50)))
    tracks = "".join(f"T{i},Song,Band,rock,audio/T{i}.flac\n" for i in range(20))
    (folder / "tracks.csv").write_text("track_id,title,artist,genre,file\n" + tracks)
    listens = "".join(f"{('marko', 'nina')[i % 2]},T{i},1\n" for i in range(20))
    (folder / "listens.csv").write_text("user,track_id,playcount\n" + listens)
    load_or_draw_split(open_library(folder), "marko")
    return folder


@pytest.mark.parametrize("name", ["tracks.csv", "listens.csv", "splits/marko.csv", "audio/T0.flac"])
@fuzz
@given(changes=CHANGES)
def test_libraries(library_folder, name, changes):
    def read():
        library = open_library(library_folder)
        load_or_draw_split(library, "marko")
        library.load_audio(library.tracks.index[0])

    path = library_folder / name
    content = path.read_bytes()
    try:
        survives(path, content, changes, read)
    finally:
        path.write_bytes(content)


@pytest.fixture(scope="module")
def experiments(tmp_path_factory):
    """A run of marko with its weights and its record."""
    folder = tmp_path_factory.mktemp("experiments")
    run = new_run(folder, "marko")
    save_checkpoint(run / "best_model.pt", FCN(), {"user": "marko", "epoch": 3})
    finish_run(run, {"user": "marko", "library": "0", "best": {"score": 0.5, "loss": 0.3}, "config": {"lr": 0.001}})
    return run


@fuzz
@given(changes=CHANGES)
def test_checkpoints(experiments, tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "fuzzed.pt"
    survives(path, (experiments / "best_model.pt").read_bytes(), changes, lambda: load_checkpoint(path))


@fuzz
@given(changes=CHANGES)
def test_records_of_trainings(experiments, changes):
    path = experiments / "training.json"
    content = path.read_bytes()

    def read():
        finished_runs(experiments.parent, "marko")
        best_checkpoint(experiments.parent, "marko")

    try:
        survives(path, content, changes, read)
    finally:
        path.write_bytes(content)


@fuzz
@given(changes=CHANGES)
def test_scores_of_an_evaluation(experiments, changes):
    path = experiments / "evaluation_tracks.csv"
    content = b"track_id,label,model,popularity\nT1,1,0.5,3\nT2,0,0.25,1\n"
    survives(path, content, changes, lambda: read_scores(experiments / "best_model.pt"))


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """An explanation with its `WhatIf`."""
    rng = np.random.default_rng(440)
    stems = {name: quantize(rng.uniform(-0.3, 0.3, 16000)) for name in ("drums", "vocals")}
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(7)
        explanation = explain(FCN().eval(), stems, kind="source")
    path = tmp_path_factory.mktemp("explanations") / "why.json"
    explanation.save(path)
    return path


@pytest.mark.parametrize("suffix", [".json", ".npz"])
@fuzz
@given(changes=CHANGES)
def test_explanations(explained, suffix, changes):
    path = explained.with_suffix(suffix)
    content = path.read_bytes()

    def read():
        load_explanations(path.parent)
        found = load_explanation(explained)
        if found.what_if is not None:
            found.what_if.logits(np.eye(len(found.components), dtype=int))

    try:
        survives(path, content, changes, read)
    finally:
        path.write_bytes(content)


@fuzz
@given(changes=CHANGES)
def test_what_ifs(explained, tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "fuzzed.npz"
    content = explained.with_suffix(".npz").read_bytes()
    survives(path, content, changes, lambda: load_what_if(path).logits(np.ones((1, 2), dtype=int)))


TENSORFLOW = Path(__file__).parent / "golden" / "spleeter" / "tiny2"  # written by TensorFlow 2.12


@pytest.mark.parametrize("name", sorted(path.name for path in TENSORFLOW.iterdir()))
@fuzz
@given(changes=CHANGES)
def test_checkpoints_of_tensorflow(tmp_path_factory, name, changes):
    folder = tmp_path_factory.getbasetemp() / "tensorflow"
    shutil.copytree(TENSORFLOW, folder, dirs_exist_ok=True)
    survives(folder / name, (TENSORFLOW / name).read_bytes(), changes, lambda: read_checkpoint(folder))


@pytest.fixture(scope="module")
def demucs_weights(tmp_path_factory):
    """A network of Demucs with next to nothing in it, in the form that the package publishes."""
    htdemucs = pytest.importorskip("demucs.htdemucs", reason="the package demucs is not installed")
    stems = ["drums", "bass", "other", "vocals"]
    tiny = {"channels": 4, "t_layers": 1, "depth": 2, "nfft": 512, "dconv_comp": 2, "segment": 1, "bottom_channels": 8}
    network = htdemucs.HTDemucs(stems, **tiny)
    texts = {"klass": "demucs.htdemucs.HTDemucs", "args": json.dumps([stems]), "kwargs": json.dumps(tiny)}
    path = tmp_path_factory.mktemp("weights") / "abc.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, path, texts)
    return path


@fuzz
@given(changes=CHANGES)
def test_weights_of_demucs(demucs_weights, tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "fuzzed.safetensors"
    survives(path, demucs_weights.read_bytes(), changes, lambda: Demucs("htdemucs", path))


@fuzz
@given(changes=CHANGES)
def test_pickled_arrays(tmp_path_factory, changes):
    arrays = {name: np.arange(6, dtype=np.float32).reshape(2, 3) for name in ("weight", "bias")}
    content = pickle.dumps(arrays, protocol=2).replace(b"numpy._core", b"numpy.core")
    path = tmp_path_factory.getbasetemp() / "fuzzed.ckpt"
    survives(path, content, changes, lambda: read_pickled_arrays(path.read_bytes(), path.name))


@fuzz
@given(changes=CHANGES)
def test_configurations_of_spleeter(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "configuration.json"
    content = {"sample_rate": 44100, "frame_length": 4096, "frame_step": 1024, "T": 512, "F": 1024, "n_channels": 2}
    content |= {"mix_name": "mix", "instrument_list": ["vocals", "accompaniment"], "model": {"type": "unet.unet"}}
    survives(path, json.dumps(content).encode(), changes, lambda: read_configuration(path))


@fuzz
@given(changes=CHANGES)
def test_the_configuration(tmp_path_factory, changes):
    """It is Python and runs as such: what is put in here are bytes without a meaning."""
    path = tmp_path_factory.getbasetemp() / "config.py"
    survives(
        path, b'library_path = "data/demo"\nexperiments_path = "experiments"\n', changes, lambda: read_config(path)
    )


RUN = {
    "experiment": {"name": "training", "base_dir": "/", "dependencies": [], "repositories": [], "sources": []},
    "status": "COMPLETED", "start_time": "2026-01-01T10:00:00.0", "stop_time": "2026-01-01T10:01:00.0",
    "heartbeat": "2026-01-01T10:01:00.0", "result": {"roc_auc": 0.75}, "command": "main", "meta": {}, "host": {},
}  # fmt: skip
SACRED = {
    "run.json": RUN,
    "config.json": {"user_name": "marko", "n_epochs": 2},
    "info.json": {"library": {"name": "demo"}},
    "metrics.json": {"val.loss": {"steps": [1, 2], "values": [0.5, 0.25], "timestamps": ["2026-01-01T10:00:01"] * 2}},
}


@pytest.mark.parametrize("name", SACRED)
@fuzz
@given(changes=CHANGES)
def test_records_of_sacred(tmp_path_factory, name, changes):
    folder = tmp_path_factory.getbasetemp() / "recorded"
    (folder / "sacred/1").mkdir(parents=True, exist_ok=True)
    for other, content in SACRED.items():
        (folder / "sacred/1" / other).write_text(json.dumps(content))

    def read():
        for run in read_runs(folder)[0]:
            read_curves(run)

    survives(folder / "sacred/1" / name, json.dumps(SACRED[name]).encode(), changes, read)

import gc
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from lemons.audio import SAMPLE_RATE, quantize, write_flac
from lemons.explaining import passes
from lemons.explaining.component import Component
from lemons.explaining.explanation import Explanation
from lemons.explaining.question import EVEN_ODDS
from lemons.library import open_library
from lemons.segments import Segments
from recsys import model as network
from recsys.checkpoints import MODEL_FILE, save_checkpoint
from recsys.model import FCN
from recsys.model_runs import finish_run, new_run
from tests.s3 import server
from tools.browser import CHROMIUM, CHROMIUM_ARGS

SLIM = (1, 8, 8, 8, 8, 8)  # channels of the fixture `slim`
WEIGHTS = [0.1, -0.3, 0.0, 0.5, 0.1, -0.1]  # of the components of the fixture `explanation`


def pytest_collection_finish():
    """What was imported stays: nobody looks for garbage in it, as Streamlit does after each run of a page."""
    gc.freeze()


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """No test reads or fills the cache of whoever runs it."""
    monkeypatch.setenv("LEMONS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def own_main(monkeypatch):
    """Streamlit's script runner takes the place of ``__main__``, which processes that tests start would import."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def rng():
    """A source of chance that is the same in every test."""
    return np.random.default_rng(440)


@pytest.fixture
def slim(monkeypatch):
    """The network with few channels, where a test is not about what it can learn: a tenth of the time."""
    monkeypatch.setattr(network, "CHANNELS", SLIM)
    monkeypatch.setattr(network, "N_FEATURES", 2 * SLIM[-1])


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium, for all tests of a session."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        except sync_api.Error as error:
            pytest.skip(f"the browser tests need Debian's chromium ({str(error).splitlines()[0]})")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """A real S3 server on loopback, see `tests.s3`."""
    with server(tmp_path_factory.mktemp("s3") / "requests") as running:
        yield running


@pytest.fixture
def s3(s3_server, monkeypatch):
    """A new bucket on it, and the keys that it takes, as any are."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return s3_server.new_bucket()


@pytest.fixture
def toy_library(tmp_path):
    """A folder with 24 tones, played by marko, and 24 noises, played by nina; 2 s each, of any loudness and tempo."""
    rng = np.random.default_rng(24)
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE  # s
    tracks, listens = [], []
    for i in range(48):
        genre, user = ("tone", "marko") if i < 24 else ("noise", "nina")
        y = np.sin(2 * np.pi * rng.uniform(200, 3000) * time) if genre == "tone" else rng.uniform(-1, 1, len(time))
        track_id = f"{genre}{i:02}"
        write_flac(tmp_path / "toy" / "audio" / f"{track_id}.flac", quantize(rng.uniform(0.1, 0.9) * y))
        row = {"track_id": track_id, "title": f"Song {i}", "artist": "Toy", "genre": genre}
        tracks.append(row | {"file": f"audio/{track_id}.flac", "tempo": round(rng.uniform(60, 180))})
        listens.append({"user": user, "track_id": track_id, "playcount": i % 5 + 1})
    pd.DataFrame(tracks).to_csv(tmp_path / "toy" / "tracks.csv", index=False)
    pd.DataFrame(listens).to_csv(tmp_path / "toy" / "listens.csv", index=False)
    return tmp_path / "toy"


@pytest.fixture
def short_library(tmp_path, rng):
    """As many short tracks with two stems as a split needs; marko and nina played half of them each."""
    folder = tmp_path / "library"
    for i in range(20):
        stems = {name: quantize(rng.uniform(-0.2, 0.2, 16000)) for name in ("vocals", "drums")}
        write_flac(folder / f"audio/T{i}.flac", sum(stems.values()))
        for name, y in stems.items():
            write_flac(folder / f"stems/T{i}/{name}.flac", y)
    tracks = "".join(f"T{i},Song,Band,rock,audio/T{i}.flac\n" for i in range(20))
    listens = "".join(f"{('marko', 'nina')[i % 2]},T{i},1\n" for i in range(20))
    (folder / "tracks.csv").write_text("track_id,title,artist,genre,file\n" + tracks)
    (folder / "listens.csv").write_text("user,track_id,playcount\n" + listens)
    return open_library(folder)


@pytest.fixture
def new_music(short_library, rng):
    """The short library with a dozen more tracks, without stems, that nobody played."""
    with (short_library.path / "tracks.csv").open("a") as file:
        for i in range(20, 32):
            write_flac(short_library.path / f"audio/T{i}.flac", quantize(rng.uniform(-0.2, 0.2, 16000)))
            file.write(f"T{i},Song,Band,rock,audio/T{i}.flac\n")
    return open_library(short_library.path)


@pytest.fixture
def model_paths(tmp_path, short_library):
    """Where marko's and nina's models for that library are, with fresh weights, and where explanations go."""
    for seed, user in enumerate(("marko", "nina")):
        torch.manual_seed(seed)
        run = new_run(tmp_path / "experiments", user)
        save_checkpoint(run / MODEL_FILE, FCN(), {})
        finish_run(run, {"user": user, "library": short_library.fingerprint, "best": {"score": 0.5}})
    return {"experiments_path": tmp_path / "experiments", "explanations_path": tmp_path / "explanations"}


@pytest.fixture(autouse=True)
def no_pass_in_memory():
    """Each test makes the passes that it counts, or whose progress it watches."""
    passes.forget()


@pytest.fixture
def explanation():
    components = [Component(i, "ab"[i % 2], i // 2, float(i // 2), i // 2 + 1.0, w) for i, w in enumerate(WEIGHTS)]
    return Explanation(
        kind="time+source",
        method="lime",
        neighborhood="drawn",
        target="probability",
        criterion=EVEN_ODDS,
        segments=Segments((0, 16000, 32000, 48000), fade=160),
        n_masks=2048,
        seed=0,
        work=64.0,
        components=tuple(components),
        intercept=0.2,
        fidelity=0.9,
        fidelity_held_out=1 / 3,
        held_out="leave_one_out",
        relevance=0.75,
        logit=float(np.log(3)),
        facts=None,
        pair=None,
        clip_logits={"top1": 0.5, "top3": 1.0, "rest": -2.0, "silence": -3.0},
        gain=1.0,
        track_id="TRÄCK",
        listener="marko",
        separator="given",
        audio_hash="a" * 64,
        stems_hash="b" * 64,
        model_hash="c" * 64,
        versions={"lemons": "0"},
        seconds=1.5,
    )

"""Features, heads and lists in units of work are those of the one listener and the one track at a time."""

import sys

import numpy as np
import pandas as pd
import pytest
import torch

pytest.importorskip("pyarrow", reason="results are written by pyarrow")

from lemons.audio import quantize, write_flac
from lemons.fleet import Results, run_here
from lemons.library import Library, open_library
from recsys.checkpoints import save_checkpoint
from recsys.data.splits import load_or_draw_split
from recsys.fleet.embeddings import embedding_units, read_embeddings, unheard
from recsys.fleet.heads import head_units, read_heads
from recsys.fleet.tops import top_tracks, top_units
from recsys.model import FCN
from recsys.pooled import library_features
from recsys.training.head import QuietFeatures, fit_head
from tests.lemons.audio.encoded import by_ffmpeg

QUIET = {"n_quiet": 2, "batch_size": 16, "training_seed": 3}


@pytest.fixture
def trunk(tmp_path):
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "trunk.pt", FCN(), {"config": QUIET})
    return tmp_path / "trunk.pt"


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results")


@pytest.fixture
def library(short_library):
    """The short library, with a track that cannot be read and a listener of too few tracks."""
    (short_library.path / "audio" / "T7.flac").write_bytes(b"fLaC, they say")
    with (short_library.path / "listens.csv").open("a") as file:
        file.write("paige,T1,1\n")
    return open_library(short_library.path)


def test_from_tracks_to_lists(library, trunk, results):
    embeddings = embedding_units(library, trunk, shard=6)
    assert run_here(embeddings, results) == []
    found = read_embeddings(results, [unit.key for unit in embeddings])
    assert list(found.skipped) == ["T7"]
    assert "T7.flac" in found.skipped["T7"]
    model = FCN()
    model.load_state_dict(torch.load(trunk, weights_only=True)["state_dict"])
    expected = library_features(model, library, [one for one in library.tracks.index if one != "T7"])
    assert found.track_ids.tolist() == expected.index.tolist()
    np.testing.assert_array_equal(found.features, expected.to_numpy().astype(np.float16))

    units, failures = head_units(library, trunk, results, embeddings)
    assert [failure.name for failure in failures] == ["paige"]
    assert run_here(units, results) == []
    heads = read_heads(results, [unit.key for unit in units])
    assert heads.listeners == ["marko", "nina"]
    rounded = expected.astype(np.float16).astype(np.float32)
    for i, listener in enumerate(heads.listeners):
        split = load_or_draw_split(library, listener)
        alone = FCN()
        alone.load_state_dict(model.state_dict())
        fit_head(alone, library, split, rounded, quiet=QuietFeatures(alone, quiet=2 / 16, seed=3))
        # what is quiet is in float16 here, and the head alone in float32
        logits = rounded @ heads.weights[i] + heads.bias[i]
        of_alone = rounded @ alone.fc.weight.detach().numpy()[0] + alone.fc.bias.item()
        np.testing.assert_allclose(logits, of_alone, atol=5e-3)

    lists = top_units(library, results, units, embeddings, n=3)
    assert run_here(lists, results) == []
    (of_all,) = (results.read(unit.key).to_pandas() for unit in lists)
    for i, listener in enumerate(heads.listeners):
        split = load_or_draw_split(library, listener)
        known = {*library.played(listener).index, *split.loc[split["split"] != "test", "track_id"]}
        logits = pd.Series(rounded @ heads.weights[i] + heads.bias[i]).drop(known, errors="ignore").nlargest(3)
        own = of_all[of_all["listener"] == listener]
        assert own["track_id"].tolist() == logits.index.tolist()
        assert own["rank"].tolist() == [1, 2, 3][: len(own)]
        np.testing.assert_allclose(own["logit"], logits, atol=1e-5)


def test_a_track_that_changed_is_heard_again_and_changes_the_heads_that_learned_from_it(library, trunk, results, rng):
    embeddings = embedding_units(library, trunk, shard=6)
    assert run_here(embeddings, results) == []
    heads, _ = head_units(library, trunk, results, embeddings)
    write_flac(library.audio_path("T7"), quantize(rng.uniform(-0.2, 0.2, 16000)))
    again = embedding_units(library, trunk, shard=6)
    assert [one.key == other.key for one, other in zip(embeddings, again, strict=True)] == [True, False, True, True]
    assert run_here(again, results) == []
    assert heads[0].key != head_units(library, trunk, results, again)[0][0].key
    # without a shard's features the head is another one, too
    assert heads[0].key != head_units(library, trunk, results, embeddings[1:])[0][0].key


def test_what_a_worker_lacks_is_not_the_fault_of_the_track(library, trunk, results, monkeypatch):
    (library.path / "audio" / "T9.flac").write_bytes(by_ffmpeg("mp4", "aac"))
    embeddings = embedding_units(library, trunk, shard=6)
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "av", None)
        assert run_here(embeddings, results) == []  # T6 to T11 but T9 are heard
        assert list(read_embeddings(results, [unit.key for unit in embeddings]).skipped) == ["T7"]
        assert unheard(results, embeddings) == ["T9"]
        left_out = embedding_units(library, trunk, track_ids=["T9"])
        (failure,) = run_here(left_out, results)
        assert "PyAV" in failure.why
        heads, _ = head_units(library, trunk, results, embeddings)
    assert run_here([*embeddings, *left_out], results) == []
    assert unheard(results, left_out) == []
    assert read_embeddings(results, [left_out[0].key]).track_ids.tolist() == ["T9"]
    assert head_units(library, trunk, results, [*embeddings, *left_out])[0][0].key != heads[0].key


def test_a_file_that_changes_while_it_is_heard_has_no_result(library, trunk, results, rng):
    units = embedding_units(library, trunk, shard=6)
    write_flac(library.audio_path("T0"), quantize(rng.uniform(-0.2, 0.2, 16000)))
    assert run_here(units, results) == []
    assert unheard(results, units) == ["T0"]


def test_a_track_that_memory_does_not_suffice_for_is_heard_later(library, trunk, monkeypatch):
    def load_audio(self, track_id):
        if track_id == "T0":
            raise MemoryError
        return np.zeros(16000, np.int16)

    monkeypatch.setattr(Library, "load_audio", load_audio)
    (unit, *_) = embedding_units(library, trunk, shard=2)
    assert unit.function(**unit.arguments)["track_id"].to_pylist() == ["T1"]


@pytest.mark.parametrize("block", [7, 40, 1000])
def test_lists_are_the_first_of_all_scores_whatever_the_block(rng, block):
    weights, bias, features = rng.normal(size=(9, 5)), rng.normal(size=9), rng.normal(size=(200, 5))
    features[150:] = features[:50]  # ties
    without = [rng.permutation(200)[: rng.integers(60)] for _ in weights]
    listeners, tracks, logits = top_tracks(weights, bias, features, n=20, without=without, block=block)
    scores = (features.astype(np.float32) @ weights.T.astype(np.float32)).T + bias[:, None].astype(np.float32)
    for i, left_out in enumerate(without):
        scores[i, left_out] = -np.inf
        np.testing.assert_array_equal(np.sort(scores[i])[::-1][:20], logits[listeners == i])
        np.testing.assert_array_equal(scores[i, tracks[listeners == i]], logits[listeners == i])
        own = tracks[listeners == i]
        assert len(set(own)) == 20
        assert not set(own) & set(left_out)
        same = np.flatnonzero(np.diff(logits[listeners == i]) == 0)
        assert (own[same] < own[same + 1]).all()


def test_a_list_ends_where_the_tracks_do(rng):
    features, left_out = rng.normal(size=(6, 5)), [np.array([2, 3]), np.arange(6)]
    listeners, tracks, _ = top_tracks(rng.normal(size=(2, 5)), np.zeros(2), features, n=20, without=left_out)
    assert sorted(tracks) == [0, 1, 4, 5]
    assert set(listeners) == {0}

"""Logits of whole tracks in batches, scores of a library's tracks, and the cache of them."""

import os

import numpy as np
import pandas as pd
import pytest
import torch

from lemons.audio import to_float, write_flac
from lemons.errors import ParameterError
from recsys import relevance
from recsys.checkpoints import save_checkpoint
from recsys.model import FCN
from recsys.relevance import cached_scores, keep_scores, score_tracks, track_logits

# samples; 63 frames have the third, fourth and fifth, 64 the sixth, one more the seventh
LENGTHS = (32000, 31999, 16001, 16127, 16000, 16383, 16384, 24000, 24321, 31744, 32001)


def kept(checkpoint):
    return np.load(checkpoint.with_name("relevance.npy"))


@pytest.fixture
def tracks(rng):
    audio = []
    for n in LENGTHS:
        y = rng.uniform(-3000, 3000, n)
        y[-500:] *= 10  # loudest at its end, where padding would be
        audio.append(y.astype(np.int16))
    return audio


@pytest.fixture
def model():
    """With normalizations that silence does not pass unchanged."""
    torch.manual_seed(0)
    model = FCN().eval()
    for name, value in model.state_dict().items():
        if "bn" in name and value.dtype == torch.float32:
            value.copy_(torch.rand_like(value) + 0.5)
    model.fc.weight.data *= 0.05  # for logits of some -2
    return model


@pytest.mark.parametrize("batch_size", [2, 3, 8])
@pytest.mark.parametrize("in_pieces", [True, False], ids=["as on a CPU", "as on a GPU"])
def test_a_track_in_a_batch_has_the_answer_that_it_has_alone(tracks, model, monkeypatch, batch_size, in_pieces):
    alone = [model(torch.from_numpy(y[None] / np.float32(2**15))).item() for y in tracks]
    sizes = []
    trunk = FCN.trunk

    def watched(self, mel):
        sizes.append(len(mel))
        return trunk(self, mel) if in_pieces else self._blocks(mel.unsqueeze(1))

    monkeypatch.setattr(FCN, "trunk", watched)
    done = []
    logits = track_logits(model, iter(tracks), batch_size=batch_size, progress=lambda *now: done.append(now), total=11)
    # up to float32's rounding of sums; padded with silence to the length of another, they would move by 0.2 to 0.9
    np.testing.assert_allclose(logits, alone, rtol=0, atol=1e-5)
    assert max(sizes) == min(batch_size, 3)
    assert sum(sizes) == len(tracks)
    assert done == [(i, 11) for i in range(1, 12)]


def test_no_more_tracks_are_read_ahead_than_needed(tracks, model):
    read = []

    def reading():
        for i, y in enumerate(tracks):
            read.append(i)
            yield y

    seen = []
    track_logits(model, reading(), progress=lambda done, total: seen.append((done, len(read))))
    assert seen == [(i, i) for i in range(1, 12)]


def test_a_score_is_the_logit_of_the_whole_track(library):
    model, progress = FCN(), []
    ids = ["tone03", "noise30"]
    scores = score_tracks(model, library, ids, progress=lambda *step: progress.append(step))
    with torch.inference_mode():
        expected = [model(torch.from_numpy(to_float(library.load_audio(one)))[None]).item() for one in ids]
    np.testing.assert_array_equal(scores, np.float32(expected))
    assert scores.index.tolist() == ids
    assert progress == [(1, 2), (2, 2)]


def test_an_unknown_track_has_no_score(library):
    with pytest.raises(ParameterError, match="track='T99'"):
        score_tracks(FCN(), library, ["T99"])


def test_a_score_is_cached_bit_for_bit(library, checkpoint, scored, monkeypatch):
    logits = {"tone00": np.float32(0.1) / 3, "tone01": np.float32(-7e-8)}
    expected = pd.Series(logits).rename_axis("track_id")
    monkeypatch.setattr(relevance, "score_tracks", lambda m, lib, ids, **_: expected[ids])
    first, second = (cached_scores(checkpoint, library, list(logits)) for _ in range(2))
    assert first.equals(second)
    assert first.to_dict() == logits


def test_no_track_is_scored_twice_until_it_or_the_model_changes(library, checkpoint, scored):
    ids = ["tone01", "tone02"]
    cached_scores(checkpoint, library, ids[:1])
    cached_scores(checkpoint, library, ids)
    cached_scores(checkpoint, library, ids[::-1])
    assert scored == ids
    write_flac(library.audio_path("tone02"), np.full(16000, 0.25, np.float32))
    cached_scores(checkpoint, library, ids)
    assert scored == [*ids, "tone02"]
    save_checkpoint(checkpoint, FCN(), {})
    cached_scores(checkpoint, library, ids)
    assert scored == [*ids, "tone02", *ids]
    assert len(kept(checkpoint)) == len(ids)  # a record each, of the present model


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", np.arange(5), np.zeros((2, 2), relevance.RECORD)])
def test_a_damaged_cache_is_made_again(library, checkpoint, scored, damage):
    file = checkpoint.with_name("relevance.npy")
    file.write_bytes(damage) if isinstance(damage, bytes) else np.save(file, damage)
    assert cached_scores(checkpoint, library, ["tone07"]).tolist() == [np.float32(0.7)]
    assert len(kept(checkpoint)) == 1


def test_scores_of_another_program_count_while_files_and_weights_are_the_same(library, checkpoint, scored):
    """What is kept of other tracks stays; the newest of a track counts."""
    keep_scores(checkpoint, library, ["tone01", "tone02"], np.array([7.0, 8.0]))
    keep_scores(checkpoint, library, ["tone03", "tone02"], np.array([9.0, 6.0]))
    assert cached_scores(checkpoint, library, ["tone03", "tone01", "tone02"]).tolist() == [9, 7, 6]
    save_checkpoint(checkpoint, FCN(), {})
    assert cached_scores(checkpoint, library, ["tone01"]).tolist() == [np.float32(0.1)]
    assert scored == ["tone01"]


def test_a_replaced_file_of_an_older_date_is_scored(library, checkpoint, scored):
    cached_scores(checkpoint, library, ["tone01"])
    write_flac(library.audio_path("tone01"), np.full(16000, 0.25, np.float32))
    os.utime(library.audio_path("tone01"), (0, 0))
    cached_scores(checkpoint, library, ["tone01"])
    assert scored == ["tone01", "tone01"]


@pytest.mark.parametrize("field", relevance.RECORD.names)
def test_a_changed_bit_in_the_cache_is_noticed_and_costs_its_own_track(library, checkpoint, scored, caplog, field):
    first = cached_scores(checkpoint, library, ["tone01", "tone02"])
    records = kept(checkpoint)
    records[:1].view(np.uint8)[relevance.RECORD.fields[field][1]] ^= 1
    np.save(checkpoint.with_name("relevance.npy"), records)
    for _ in range(2):
        assert cached_scores(checkpoint, library, ["tone01", "tone02"]).equals(first)
    assert len(scored) == 3
    assert caplog.text.count("relevance.npy is damaged") == 1

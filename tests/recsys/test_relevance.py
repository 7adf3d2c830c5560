"""Whole tracks in batches; see test_recommend.py for scores of a library and the memory of them."""

import numpy as np
import pytest
import torch

from recsys.model import FCN
from recsys.relevance import track_logits

# samples; 63 frames have the third, fourth and fifth, 64 the sixth, one more the seventh
LENGTHS = (32000, 31999, 16001, 16127, 16000, 16383, 16384, 24000, 24321, 31744, 32001)


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

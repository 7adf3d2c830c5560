"""One forward pass scores a track for all who share a trunk."""

import numpy as np
import pytest
import torch

from recsys.checkpoints import save_checkpoint, trunk_hash
from recsys.model import FCN
from recsys.relevance import cached_scores, track_logits

IDS = ["tone01", "noise30", "tone02"]


@pytest.fixture
def listeners(tmp_path):
    """Two who share a trunk, with the paths of their models."""
    torch.manual_seed(0)
    shared = FCN(2).eval()
    models = {tmp_path / name / "best_model.pt": shared.of_listener(i) for i, name in enumerate(("marko", "nina"))}
    for path, model in models.items():
        save_checkpoint(path, model, {"trunk": trunk_hash(shared)})
    return models


def test_the_second_listener_is_scored_without_a_forward_pass(library, listeners, monkeypatch):
    alone = {path: track_logits(model, map(library.load_audio, IDS)) for path, model in listeners.items()}
    heard, trunk = [], FCN.trunk
    monkeypatch.setattr(FCN, "trunk", lambda self, mel: heard.append(len(mel)) or trunk(self, mel))
    for path, expected in alone.items():
        np.testing.assert_array_equal(cached_scores(path, library, IDS), expected)  # bit for bit
        assert sum(heard) == len(IDS)


def test_another_trunk_or_another_sound_is_heard_anew(library, listeners, tmp_path):
    path, _ = listeners
    cached_scores(path, library, IDS)
    other = FCN().eval()
    save_checkpoint(tmp_path / "other.pt", other, {"trunk": trunk_hash(other)})
    expected = track_logits(other, map(library.load_audio, IDS))
    np.testing.assert_array_equal(cached_scores(tmp_path / "other.pt", library, IDS), expected)


def test_what_nobody_shares_is_not_kept(library, checkpoint):
    cached_scores(checkpoint, library, IDS)
    assert not list((library.path / "cache").glob("trunk-*"))

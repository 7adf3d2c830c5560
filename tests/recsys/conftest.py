import numpy as np
import pandas as pd
import pytest
import torch

from lemons.library import open_library
from recsys import relevance
from recsys.checkpoints import save_checkpoint
from recsys.model import FCN


@pytest.fixture
def library(toy_library):
    return open_library(toy_library)


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "run" / "best_model.pt", FCN(), {"user": "marko"})
    return tmp_path / "run" / "best_model.pt"


@pytest.fixture
def scored(monkeypatch):
    """The ids of the tracks that were scored, by a stand-in whose logit is a tenth of the number in the id."""
    ids = []

    def score(model, library, track_ids, *, keep=False, progress=None):
        ids.extend(track_ids)
        index = pd.Index(track_ids, name="track_id", dtype=str)
        return pd.Series([np.float32(one[-2:]) / 10 for one in track_ids], index=index)

    monkeypatch.setattr(relevance, "score_tracks", score)
    return ids

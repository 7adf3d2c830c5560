import sys

import numpy as np
import pandas as pd
import pytest
import torch

from lemons.library import open_library
from recsys import relevance
from recsys.checkpoints import save_checkpoint
from recsys.model import FCN
from recsys.records import sacred_experiment as tracking
from recsys.records.sacred_experiment import run_commandline


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


@pytest.fixture
def program(toy_library, tmp_path, monkeypatch):
    """Call a program with a configuration of its own; what it returns, or its exit code."""
    monkeypatch.setattr(tracking, "PATIENCE_MS", 100)
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "config.py"))

    def call(driver, *arguments, mongodb_url=""):
        settings = {"library_path": str(toy_library), "experiments_path": "runs", "mongodb_url": mongodb_url}
        (tmp_path / "config.py").write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))
        monkeypatch.setattr(sys, "argv", ["program", *arguments])
        driver.ex.current_run = None  # in a process of its own there is none yet
        try:
            return run_commandline(driver.ex, driver.observers)
        except SystemExit as exit_:
            return exit_.code
        finally:
            driver.ex.observers.clear()
            driver.ex.option_hooks.clear()

    return call

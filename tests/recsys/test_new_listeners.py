"""Listeners beside the seven personas, whatever they are called, in everything that a listener goes through."""

import pandas as pd
import pytest

from explanations.core.precompute import precompute
from lemons.config import Config
from lemons.errors import DataError
from lemons.library import open_library
from recsys import eval as evaluation_driver
from recsys import experiment as training_driver
from recsys.all_listeners import evaluate_all, train_all
from recsys.model_runs import best_checkpoint
from recsys.recommend import recommend

pytestmark = pytest.mark.usefixtures("slim")
NAMES = ["../etc", 'Jörg "DJ" O\'Neil/2 語']
QUICK = {"n_epochs": 1, "input_length": 8000, "precision": "float32"}


@pytest.fixture
def config(toy_library, tmp_path):
    """The tones are played by the first of the new listeners, the noises by nina and the second."""
    listens = pd.read_csv(toy_library / "listens.csv")
    tones, noises = listens[listens["user"] == "marko"], listens[listens["user"] == "nina"]
    played = [noises, tones.assign(user=NAMES[0]), noises.assign(user=NAMES[1])]
    pd.concat(played).to_csv(toy_library / "listens.csv", index=False)
    yield Config(toy_library, tmp_path / "runs", tmp_path / "explanations")
    training_driver.ex.observers.clear()
    evaluation_driver.ex.observers.clear()


def test_new_listeners_go_through_everything_and_their_files_stay_where_they_belong(config, tmp_path):
    library = open_library(config.library_path)
    everybody = ["nina", *NAMES]
    assert library.users == everybody
    before = {path for path in tmp_path.rglob("*") if config.experiments_path not in path.parents}
    models = train_all(config, updates=QUICK)
    assert list(models) == everybody
    assert {model.parent.parent for model in models.values()} == {config.experiments_path}
    assert train_all(config, updates=QUICK) == models
    table = evaluate_all(config)
    assert set(everybody) <= set(table.index)

    paths = {"experiments_path": config.experiments_path, "explanations_path": config.explanations_path}
    for name in NAMES:
        assert best_checkpoint(config.experiments_path, name, library=library) == models[name]
        assert len(recommend(models[name], library, name, n=3)) == 3
    found = precompute(library, listeners=NAMES, kinds=["time"], **paths)
    assert [explanation.listener for explanation in found] == NAMES
    written = {path for path in tmp_path.rglob("*") if config.experiments_path not in path.parents} - before
    folders = {path.parent for path in written if path.is_file()}
    at_home = {config.library_path / "splits", config.library_path / "cache" / "features", config.explanations_path}
    assert folders <= at_home
    assert len(list((config.library_path / "splits").iterdir())) == len(everybody)


def test_twenty_tracks_and_one_listener_are_enough_and_nineteen_are_not(config):
    tracks = pd.read_csv(config.library_path / "tracks.csv")
    tones = pd.read_csv(config.library_path / "listens.csv").query("user == @NAMES[0]")
    tones.to_csv(config.library_path / "listens.csv", index=False)
    twenty = pd.concat([tracks[:10], tracks[-10:]])
    twenty[:-1].to_csv(config.library_path / "tracks.csv", index=False)
    with pytest.raises(DataError, match=r"the library at .* has 19 tracks; training needs at least 20"):
        train_all(config, updates=QUICK)
    twenty.to_csv(config.library_path / "tracks.csv", index=False)
    assert list(train_all(config, updates=QUICK)) == [NAMES[0]]

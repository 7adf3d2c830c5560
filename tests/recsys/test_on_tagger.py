"""A listener's head on the trunk of a tagger: trained, stored, scored and explained as any other model."""

import copy
from importlib.metadata import PackageNotFoundError, distribution

import numpy as np
import pytest
import torch

from lemons.audio import quantize, to_int16
from lemons.config import Config
from lemons.errors import DataError
from lemons.explaining.explain import explain
from lemons.hashing import model_hash
from lemons.library import open_library
from lemons.taggers import Musicnn, load_tagger
from recsys import experiment as training_driver
from recsys.all_listeners import train_all
from recsys.checkpoints import load_checkpoint, save_checkpoint, trunk_hash
from recsys.data.splits import load_or_draw_split
from recsys.on_tagger import OnTagger
from recsys.pooled import head_logits, pooled_features
from recsys.relevance import score_tracks


@pytest.fixture
def network():
    """Of few channels, with random weights."""
    torch.manual_seed(3)
    return OnTagger(Musicnn(("any",), n_timbre=3, n_rhythm=2, n_middle=4)).eval()


def test_a_track_is_scored_by_its_features_and_explained_by_the_engine(network, rng):
    stems = {name: quantize(rng.uniform(-0.2, 0.2, 3 * 16000)).astype(np.float32) for name in ("voice", "drums")}
    mix = sum(stems.values())
    with torch.no_grad():
        logit = float(network(torch.from_numpy(mix)[None]))
    features = pooled_features(network, [to_int16(mix)])
    assert features.shape == (1, network.tagger.n_pooled)
    assert head_logits(network, features)[0] == pytest.approx(logit, abs=1e-5)  # float32
    why = explain(network, stems, kind="time+source", segments=1, method="exact")
    assert why.logit == pytest.approx(logit, abs=1e-3)  # what the engine promises
    with torch.no_grad():
        silence = float(network(torch.zeros(1, len(mix))))
    assert why.clip_logits["silence"] == pytest.approx(silence, abs=1e-3)


def test_it_is_stored_whole(tmp_path):
    model = OnTagger().eval()
    save_checkpoint(tmp_path / "model.pt", model, {"user": "nina"})
    loaded, about = load_checkpoint(tmp_path / "model.pt")
    assert (type(loaded), about["user"], model_hash(loaded)) == (OnTagger, "nina", model_hash(model))
    other = copy.deepcopy(model)
    torch.nn.init.zeros_(other.fc.weight)
    assert trunk_hash(other) == trunk_hash(model) != model_hash(model)
    state = torch.load(tmp_path / "model.pt", weights_only=True)
    torch.save(state | {"format": "LEMONS FCN 1"}, tmp_path / "wrong.pt")
    with pytest.raises(DataError, match="holds another network than LEMONS' FCN"):
        load_checkpoint(tmp_path / "wrong.pt")
    torch.save(state | {"format": "LEMONS vgg 1"}, tmp_path / "newer.pt")
    with pytest.raises(DataError, match=r"format 'LEMONS vgg 1'; this LEMONS reads 'LEMONS FCN 1' and 'LEMONS musicnn"):
        load_checkpoint(tmp_path / "newer.pt")


@pytest.fixture
def config(toy_library, tmp_path):
    yield Config(library_path=toy_library, experiments_path=tmp_path / "runs")
    training_driver.ex.observers.clear()


def test_heads_on_the_published_trunk_tell_tones_from_noises(config, tmp_path):
    try:
        distribution("musicnn")
    except PackageNotFoundError:
        pytest.skip("the published weights are in a package: pip install --no-deps musicnn==0.1.0")
    models = train_all(config, updates={"trunk_path": "musicnn:MTT"})
    (marko, about), (nina, _) = (load_checkpoint(path) for path in models.values())
    assert about["trunk"] == trunk_hash(marko) == trunk_hash(nina) == trunk_hash(OnTagger(load_tagger("musicnn:MTT")))
    library = open_library(config.library_path)
    split = load_or_draw_split(library, "marko")
    test = split[split["split"] == "test"].set_index("track_id")["playcount"] > 0
    logits = score_tracks(marko, library, test.index)
    assert logits[test].min() > logits[~test].max()
    with pytest.raises(DataError, match=r"best_model\.pt has a tagger's trunk, .* give it as trunk_path"):
        train_all(
            Config(config.library_path, tmp_path / "more"), ["nina"], updates={"model_load_path": str(models["nina"])}
        )

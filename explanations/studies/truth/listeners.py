"""Listeners who like what was planted, and the models that learn it by the demo's schedule."""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explanations.studies.truth.plants import HUM, Donors, Recipe, draw_recipe, sounds_of
from lemons.audio import to_int16
from lemons.progress import Progress
from recsys.checkpoints import load_checkpoint, save_checkpoint
from recsys.data.crops import Crops, TrackSet
from recsys.metrics import roc_auc
from recsys.model import FCN
from recsys.relevance import track_logits
from recsys.training.fit import fit

__all__ = [
    "BATCH_SIZE",
    "FIRST_NUMBER",
    "LISTENERS",
    "PARTS",
    "SCHEDULE",
    "TRAINING_SEED",
    "PlantedListener",
    "Recombined",
    "mix_of",
    "number_of",
    "train_listener",
]

TRAINING_SEED = 1930289
SCHEDULE = {"n_epochs": 20, "schedule": "onecycle", "val_step": 5}  # the demo's, with batches of 8
BATCH_SIZE = 8
PARTS = {"train": range(240), "val": range(240, 270), "test": range(270, 310)}  # recipes
MORE = range(310, 550)  # for training, too, where 240 tracks teach a trait badly
N_RECIPES = sum(map(len, [*PARTS.values(), MORE]))  # of a seed
FIRST_NUMBER = {"whole": 1000, "segment": 2000}  # of the recipes that may be explained: in no part of a split
SEED_STEP = 10_000  # between the numbers of two seeds' recipes: they have no track in common


@dataclass(frozen=True)
class PlantedListener:
    """Somebody who likes tracks with all of some traits.

    Attributes
    ----------
    name : str
    likes : frozenset of str
        the traits
    more : bool
        whether their model needs twice the tracks
    """

    name: str
    likes: frozenset[str]
    more: bool = False

    def label(self, recipe: Recipe) -> bool:
        """Whether they like a track."""
        return self.likes <= recipe.traits


LISTENERS = (
    PlantedListener("kick", frozenset({"four on the floor"}), more=True),
    PlantedListener("distorted", frozenset({"distorted"})),
    PlantedListener("rapped", frozenset({"rapped"})),
    PlantedListener("hum", frozenset({HUM})),
    PlantedListener("and", frozenset({"four on the floor", "distorted"}), more=True),
)


def number_of(place: int, seed: int) -> int:
    """The number of a recipe in all, of its place among those of a seed."""
    return seed * SEED_STEP + place


class Recombined:
    """The recombined tracks of a seed, made once for all listeners and held in memory: 180 MB.

    Parameters
    ----------
    donors : Donors
    seed : int >= 0
        another seed, other tracks
    progress : callable or None
        called after each track that is made
    """

    def __init__(self, donors: Donors, seed: int, progress: Progress | None = None):
        self.donors, self.seed = donors, seed
        self._progress = progress
        self._sounds: dict[int, np.ndarray] = {}

    def track_set(self, part: str, listener: PlantedListener) -> TrackSet:
        """A part of the split with a listener's labels."""
        places = [*PARTS[part], *(MORE if listener.more and part == "train" else ())]
        recipes = [draw_recipe(self.donors, number_of(place, self.seed)) for place in places]
        audio = [self._sound(recipe) for recipe in recipes]
        labels = np.array([listener.label(recipe) for recipe in recipes], dtype=np.float32)
        return TrackSet([str(recipe.number) for recipe in recipes], audio, labels)

    def _sound(self, recipe: Recipe) -> np.ndarray:
        if recipe.number not in self._sounds:
            self._sounds[recipe.number] = to_int16(mix_of(sounds_of(self.donors, recipe)))
            if self._progress:
                self._progress(len(self._sounds), N_RECIPES)
        return self._sounds[recipe.number]


def mix_of(stems: dict[str, np.ndarray]) -> np.ndarray:
    """The sum of stems (n_samples,), float32."""
    return np.sum(list(stems.values()), axis=0)


def train_listener(listener: PlantedListener, tracks: Recombined, path: str | os.PathLike) -> dict:
    """Train a listener's model by the demo's schedule and keep it.

    Parameters
    ----------
    listener : PlantedListener
    tracks : Recombined
        of the seed that is also that of the initial weights and the crops, beside `TRAINING_SEED`
    path : path-like
        where the model is written

    Returns
    -------
    dict
        ``best``: the validation's scores; ``test_auc`` on ``n_test`` tracks that are in no other part; ``n_liked``
        tracks of the training part; ``silence``: the logit of digital silence; ``seconds``
    """
    train, val, test = (tracks.track_set(part, listener) for part in PARTS)
    seed = TRAINING_SEED + tracks.seed
    crops = Crops(train, seed=seed, batch_size=BATCH_SIZE)
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(seed)
        model = FCN()
        save = partial(save_checkpoint, Path(path), model)
        settings: dict[str, Any] = {**SCHEDULE, "on_best": lambda scores: save({"scores": scores})}
        training = fit(model, crops, val, name=listener.name, **settings)
    best = load_checkpoint(path)[0]
    silence = track_logits(best, [np.zeros_like(test.audio[0])])
    return {
        "best": training.best,
        "test_auc": float(roc_auc(test.labels, track_logits(best, test.audio))),
        "n_test": len(test.labels),
        "n_liked": int(train.labels.sum()),
        "silence": float(silence[0]),
        "seconds": training.seconds,
    }

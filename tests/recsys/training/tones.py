"""Trainings on half a second of tones and noises, which a small network learns at once."""

import torch

from recsys.data.crops import Crops
from recsys.model import FCN
from recsys.training.fit import fit

N = 8000  # samples in a track and a crop: half a second


def crops(tracks, *, seed=0, batch_size=4):
    return Crops(tracks, seed=seed, batch_size=batch_size, input_length=N)


def fresh_model(seed=0):
    torch.manual_seed(seed)
    return FCN()


def train(model, tracks, **settings):
    return fit(model, crops(tracks), tracks, quiet=True, **{"n_epochs": 1, "precision": "float32"} | settings)

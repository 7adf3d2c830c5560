"""Stems of a few samples, and what a model says of their mixes when it hears them."""

import numpy as np
import torch

from lemons.audiolime import StemFactorization


def music(rng, n_stems, n_samples):
    """Stems on the 16-bit grid that start, pause and differ in loudness by 60 dB."""
    loud = 10.0 ** rng.uniform(-4, -1, (n_stems, 8)).repeat(-(-n_samples // 8), axis=1)[:, :n_samples]
    playing = (rng.random((n_stems, 10)) < 0.7).repeat(-(-n_samples // 10), axis=1)[:, :n_samples]
    return (np.round(rng.uniform(-1, 1, (n_stems, n_samples)) * loud * playing * 2**15) / 2**15).astype(np.float32)


def compose(stems, masks, n_segments):
    factorization = StemFactorization({str(i): stem for i, stem in enumerate(stems)}, 16000, n_segments)
    return np.array([factorization.compose_model_input(np.flatnonzero(mask)) for mask in masks])


def plain(model, stems, masks, n_segments):
    y = torch.as_tensor(compose(stems, masks, n_segments)).to(next(model.parameters()).dtype)
    with torch.no_grad():
        return model(y)[:, 0].numpy()


def telling_masks(rng, n_components):
    """Everything, nothing, each component alone, each left out, and some at random."""
    alone = np.eye(n_components, dtype=int)
    some = rng.integers(0, 2, (20, n_components))
    return np.concatenate([np.ones_like(alone[:1]), np.zeros_like(alone[:1]), alone, 1 - alone, some])

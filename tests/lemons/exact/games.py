"""Small games: answers to all masks of a few components."""

import itertools

import numpy as np


def all_masks(n):
    return np.array(list(itertools.product([0, 1], repeat=n)))


def game(rng, n):
    """Answers to all masks that no linear model explains."""
    return rng.normal(size=2**n) + all_masks(n) @ rng.normal(size=n)

"""Heads for many listeners at once."""

import numpy as np
import pytest
from scipy.special import expit

from recsys.training.head import STRENGTHS, minimum
from recsys.training.heads import Taste, fit_heads, minima


def made_up(rng, n_listeners=12, n_tracks=400, n_features=16, n_played=(6, 40)):
    """Listeners who play what lies in a direction of their own, by chance; as many tracks that they don't play."""
    features = np.maximum(rng.normal(size=(n_tracks, n_features)), 0) * rng.uniform(0.1, 30, n_features)
    features[:, 3] = 0  # of a channel that never fires
    tastes = []
    for _ in range(n_listeners):
        order = rng.permutation(n_tracks)[: 2 * rng.integers(*n_played)]
        logits = (features[order] - features.mean(axis=0)) / 10 @ rng.normal(size=n_features)
        labels = (rng.uniform(size=len(order)) < expit(logits)).astype(float)
        labels[:4] = 0, 1, 0, 1  # both classes in either part
        tastes.append(Taste(order[2:], labels[2:], order[:2], labels[:2]))
    return features, tastes


@pytest.mark.parametrize("strength", STRENGTHS)
def test_side_by_side_each_finds_the_minimum_that_it_finds_alone(rng, strength):
    features, tastes = made_up(rng)
    for taste, head in zip(tastes, heads_of_strength(features, tastes, strength), strict=True):
        weights, bias = minimum(features[taste.train], taste.train_labels, C=strength)
        alone = features[taste.train] @ weights + bias
        # both stop where another Newton step would change the loss by less than 1e-12, its own terms being about 1:
        # logits by the square root of that, and C scales the loss
        np.testing.assert_allclose(features[taste.train] @ head[:-1] + head[-1], alone, atol=1e-5, rtol=1e-5)


def heads_of_strength(features, tastes, strength):
    """Heads of one strength of the penalty, in the units of the features."""
    n_rows = max(len(taste.train) for taste in tastes)
    x, labels = np.zeros((len(tastes), n_rows, features.shape[1] + 1)), np.zeros((len(tastes), n_rows))
    known, scalers = np.zeros((len(tastes), n_rows), bool), []
    for i, taste in enumerate(tastes):
        own, n = features[taste.train], len(taste.train)
        mean, scale = own.mean(axis=0), np.where(own.std(axis=0) == 0, 1, own.std(axis=0))
        x[i, :n, :-1], x[i, :n, -1] = (own - mean) / scale, 1
        labels[i, :n], known[i, :n] = taste.train_labels, True
        scalers.append((mean, scale))
    for found, (mean, scale) in zip(minima(x, labels, known, C=strength), scalers, strict=True):
        weights = found[:-1] / scale
        yield np.array([*weights, found[-1] - weights @ mean])


def test_features_that_hardly_vary_count_as_little_side_by_side(rng):
    features, tastes = made_up(rng, n_listeners=3)
    features = np.column_stack(
        [features, 3 + 1e-6 * rng.normal(size=len(features)), np.full(len(features), 7.0), 1e-9 * features[:, 0]]
    )
    for taste, head in zip(tastes, fit_heads(features, tastes), strict=True):
        weights, bias = minimum(features[taste.train], taste.train_labels, C=head.C)
        alone = features[taste.train] @ weights + bias
        np.testing.assert_allclose(features[taste.train] @ head.weights + head.bias, alone, atol=1e-5, rtol=1e-5)
        assert np.abs(head.weights[-3:]).max() < 1e4  # not some 1e9


def test_the_strength_is_that_of_the_least_loss_on_the_validation_tracks(rng):
    features, tastes = made_up(rng, n_listeners=5)
    for taste, head in zip(tastes, fit_heads(features, tastes), strict=True):
        losses = []
        for strength in STRENGTHS:
            weights, bias = minimum(features[taste.train], taste.train_labels, C=strength)
            logits = features[taste.val] @ weights + bias
            losses.append(np.mean(np.logaddexp(0, logits) - taste.val_labels * logits))
        assert STRENGTHS[np.argmin(losses)] == head.C
        assert head.val_loss == pytest.approx(min(losses), rel=1e-4)


def test_who_shares_a_batch_does_not_matter(rng):
    features, tastes = made_up(rng)
    together, alone = fit_heads(features, tastes), [fit_heads(features, [taste])[0] for taste in tastes]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, rtol=1e-6, atol=1e-9)
        assert one.C == other.C


def test_tastes_that_a_plane_separates_have_a_minimum_all_the_same(rng):
    features = rng.normal(size=(40, 16))
    labels = (features[:, 0] > 0).astype(float)
    (head,) = fit_heads(features, [Taste(np.arange(30), labels[:30], np.arange(30, 40), labels[30:])])
    assert np.isfinite(head.weights).all()
    assert ((features @ head.weights + head.bias > 0) == (labels > 0))[:30].all()

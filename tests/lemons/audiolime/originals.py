"""What audioLIME v0.0.3 answered (golden/audiolime/make_factorizations.py), asked of ours."""

from pathlib import Path

import numpy as np

from lemons.audiolime import LimeAudioExplainer

FILE = Path(__file__).parents[2] / "golden" / "audiolime" / "factorizations.npz"
HOP, SR = 256, 16000
SAMPLES = {"type": "manual", "manual_segments": [(0, 2560), (2560, 5120), (5120, 7936)]}  # 10, 10 and 11 frames


def waves(n):
    """A projection that needs not be kept."""
    return 0.3 * np.sin(np.outer(np.arange(n), [0.1, 0.2, 0.3]))


def explain(factorization, projection, by=None, **arguments):
    """Label 1 of a softmax of three projections."""

    def predict(inputs):
        odds = np.exp(np.reshape(inputs, (len(inputs), -1)) @ projection)
        return odds / odds.sum(axis=1, keepdims=True)

    by = by or LimeAudioExplainer(random_state=0)
    return by.explain_instance(factorization, predict, labels=[1], num_samples=120, **arguments)


def check(originals, name, found):
    """The same masks, and numbers that differ by less than 1e-6."""
    np.testing.assert_array_equal(found.neighborhood_data, originals[f"{name}/masks"])
    weights = np.array(sorted(found.local_exp[1]))
    np.testing.assert_allclose(weights, originals[f"{name}/weights"], rtol=0, atol=1e-6)
    numbers = [found.intercept[1], found.score[1], found.local_pred[1][0]]
    np.testing.assert_allclose(numbers, originals[f"{name}/intercept, score, local_pred"], rtol=0, atol=1e-6)

"""KernelSHAP: Shapley values by weighted least squares over sampled masks.

Sizes of masks are drawn with chances proportional to 1 / (m (K - m)), the Shapley kernel's mass of each size, then a
mask of that size with its complement; so every drawn mask counts alike. The values sum to v(full) - v(silence), which
takes the place of the kernel's infinite weight of these two.

References: Lundberg & Lee, "A Unified Approach to Interpreting Model Predictions", 2017 (arXiv 1705.07874); Covert &
Lee, "Improving KernelSHAP: Practical Shapley Value Estimation via Linear Regression", 2021 (arXiv 2012.01536).
"""

import numpy as np

from explanations.studies.truth.answers import Answers

__all__ = ["kernel_shap"]


def kernel_shap(answers: Answers, *, n_masks: int, seed: int) -> np.ndarray:
    """Estimated Shapley values (K,) of the logit.

    Parameters
    ----------
    answers : Answers
        for K of 2 or more
    n_masks : int > 0
        masks to draw, in pairs of a mask and its complement; an odd number is rounded up
    seed : int >= 0
        of the drawing

    Returns
    -------
    np.ndarray [shape=(K,), dtype=float64]
    """
    rng, n = np.random.default_rng(seed), answers.n_components
    sizes = np.arange(1, n)
    chances = 1 / (sizes * (n - sizes))
    drawn = rng.choice(sizes, -(-n_masks // 2), p=chances / chances.sum())
    order = rng.random((len(drawn), n)).argsort(axis=1)
    masks = (order.argsort(axis=1) < drawn[:, None]).astype(np.float64)
    masks = np.concatenate([masks, 1 - masks])
    silence, full = answers.logits[0], answers.logits[-1]
    # the last value is what the others leave of the sum
    design = masks[:, :-1] - masks[:, -1:]
    left = answers.of(masks) - silence - masks[:, -1] * (full - silence)
    values = np.linalg.lstsq(design, left, rcond=None)[0]
    return np.append(values, full - silence - values.sum())

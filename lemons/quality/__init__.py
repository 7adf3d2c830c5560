"""Measures of an explanation: how far its weights are right, how short they are, and how stable.

Each is a function of weights (n_components,) and of the model's answers to masks, which are a function
``answers(masks) -> values`` or an object with ``logits(masks)``, such as `lemons.exact.ScoreTable`; none needs PyTorch.
`measure` gives all of them. Formulas, directions and sources are in docs/measures.md.

Examples
--------
>>> from lemons.quality import measure
>>> found = measure(lambda masks: masks @ [3, 2, 0], [3, 2, 0], k=1)
>>> found.aopc, found.deletion, found.random_area
(3.25, 1.5, 2.5)
"""

from lemons.quality.agreement import mean_jaccard, top_components, top_jaccard, unique_components
from lemons.quality.answers import Answers
from lemons.quality.complexity import complexity, sparseness
from lemons.quality.deletion import aopc, curve_area, deletion_curve, insertion_curve, random_curves
from lemons.quality.drop import average_drop, average_gain, average_increase, rest_faithfulness
from lemons.quality.fidelity import cross_predictions, fresh_masks, weighted_r2
from lemons.quality.infidelity import infidelity
from lemons.quality.measures import Measures, measure
from lemons.quality.sensitivity import lime_weights, max_sensitivity, neighborhood_weights, perturbed_weights

__all__ = [
    "Answers",
    "Measures",
    "aopc",
    "average_drop",
    "average_gain",
    "average_increase",
    "complexity",
    "cross_predictions",
    "curve_area",
    "deletion_curve",
    "fresh_masks",
    "infidelity",
    "insertion_curve",
    "lime_weights",
    "max_sensitivity",
    "mean_jaccard",
    "measure",
    "neighborhood_weights",
    "perturbed_weights",
    "random_curves",
    "rest_faithfulness",
    "sparseness",
    "top_components",
    "top_jaccard",
    "unique_components",
    "weighted_r2",
]

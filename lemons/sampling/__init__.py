"""Weights from few answers, where a model's answers to all masks cannot be had.

A *sampler* draws a neighborhood: masks, and how many of all masks each of them stands for. An *estimator* makes weights
of the model's answers to them, LIME's or Shapley values, with a confidence interval for each weight. `until_settled`
draws more masks until the order at the top is certain. A *surrogate* is another simple model of the same answers.

Where `lemons.exact.score_table` takes the model, none of this is needed: its weights come from all masks.

Examples
--------
A model of three components that answers 2 to the first, and 1 to the other two together:

>>> def answer(masks):
...     return 2.0 * masks[:, 0] + masks[:, 1] * masks[:, 2]
>>> neighborhood = leverage(3, 8, seed=0)
>>> estimate_shapley(neighborhood, answer(neighborhood.masks)).weights.round(6).tolist()
[2.0, 0.5, 0.5]
>>> until_settled(answer, 3, k=1).settled
True
"""

from lemons.sampling.estimates import ESTIMATORS, Estimate, estimate_lime, estimate_shapley
from lemons.sampling.neighborhood import Neighborhood
from lemons.sampling.samplers import SAMPLERS, bernoulli, distinct, kernel_shap, leverage, paired
from lemons.sampling.settling import Settled, until_settled
from lemons.sampling.surrogates import SURROGATES, Surrogate, fit_surrogate

__all__ = [
    "ESTIMATORS",
    "SAMPLERS",
    "SURROGATES",
    "Estimate",
    "Neighborhood",
    "Settled",
    "Surrogate",
    "bernoulli",
    "distinct",
    "estimate_lime",
    "estimate_shapley",
    "fit_surrogate",
    "kernel_shap",
    "leverage",
    "paired",
    "until_settled",
]

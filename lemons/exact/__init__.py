"""Exact explanations: every mask of a fully convolutional model from one pass.

A network that is local in time until its global pooling sees, in each column of a feature map, only the few segments
that the column's receptive field touches. So a track of 5 segments and 5 stems has not 2^25 different columns at a
place but 2^5, or 2^10 next to a border. `score_table` computes each of them once; the answer to any mask is then a sum
and a maximum over a handful of rows, all answers take seconds, and LIME's weights, Shapley values, interactions and
best subsets follow without sampling.

Examples
--------
>>> table = score_table(model, stems, n_segments=5)         # doctest: +SKIP
>>> table.lime().weights.reshape(5, len(stems))              # doctest: +SKIP
>>> table.best(3).components                                 # doctest: +SKIP
>>> table_facts(table, 0.5).sufficient.smallest              # doctest: +SKIP
"""

from typing import Any

import lazy_loader

from lemons.extras import require

# facts, indices and masks of given answers do without PyTorch
OF_MODELS = {"Block", "LocalModel", "ScoreTable", "score_table", "score_tables"}

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name in OF_MODELS:
        require("the exact engine", "torch", extra="exact")
    return _load(name)

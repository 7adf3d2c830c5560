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

from lemons.extras import require

require("the exact engine", "torch", extra="exact")

from lemons.exact.facts import Facts, facts_of, table_facts
from lemons.exact.lime import Lime
from lemons.exact.protocol import Block, LocalModel
from lemons.exact.score import score_table, score_tables
from lemons.exact.table import Best, ScoreTable

__all__ = [
    "Best",
    "Block",
    "Facts",
    "Lime",
    "LocalModel",
    "ScoreTable",
    "facts_of",
    "score_table",
    "score_tables",
    "table_facts",
]

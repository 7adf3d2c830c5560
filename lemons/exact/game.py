"""A table as a game of shapiq: its indices, plots and approximators on real audio, with exact values beside them.

Players are components, and a coalition is a mask. What shapiq's own ``ExactComputer`` finds by walking through 2^K
coalitions in Python follows from the table's sums for indices up to pairs, so ``game.exact_values("k-SII", 2)`` takes
seconds for 25 components.

Reference: Muschalik et al., "shapiq: Shapley Interactions for Machine Learning", NeurIPS 2024 (arXiv 2410.01649).
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit

from lemons.arguments import items, one_of
from lemons.errors import ParameterError
from lemons.exact.indices import INDICES, index_of_moments
from lemons.exact.masks import spread
from lemons.extras import require
from lemons.quality.answers import TARGETS

__all__ = ["game_of_table"]

MAX_ORDER = 2


def game_of_table(table: Any, names: Sequence[str] | None, *, target: str) -> Any:
    """The game of a `lemons.exact.ScoreTable`; see `lemons.exact.ScoreTable.to_shapiq`."""
    require("to_shapiq()", "shapiq", extra="shapiq")
    import shapiq

    one_of("target", target, TARGETS)
    if names is not None:
        names = [str(name) for name in items("names", names, hint="a list of names of the components")]
        if len(names) != table.n_components or len(set(names)) != len(names):
            raise ParameterError(f"names={names} must be {table.n_components} different names, one for each component")

    class ScoreGame(shapiq.Game):
        """Answers of a `lemons.exact.ScoreTable`, less that to silence."""

        def value_function(self, coalitions: np.ndarray) -> np.ndarray:
            logits = table.logits(np.asarray(coalitions, dtype=bool)).astype(np.float64)
            return logits if target == "logit" else expit(logits)

        def exact_values(self, index: Any, order: int = MAX_ORDER) -> shapiq.InteractionValues:
            """From the table's sums where it knows the index; by shapiq's ``ExactComputer`` where not."""
            if index not in INDICES or order not in range(1, MAX_ORDER + 1):
                return super().exact_values(index, order)
            order = 1 if index in ("SV", "BV") else order
            empty, single, pair = index_of_moments(table.moments(target), index, order)
            sounding = table.sounding.ravel()
            single, pair = spread(single[None], sounding)[0], spread(pair[None], sounding)[0]
            players = range(self.n_players)
            values: dict[tuple[int, ...], float] = {(): empty, **{(i,): float(single[i]) for i in players}}
            if order == MAX_ORDER:
                values |= {(i, j): float(pair[i, j]) for i, j in itertools.combinations(players, 2)}
            return shapiq.InteractionValues(
                values,
                index=index,
                max_order=order,
                min_order=0,
                n_players=self.n_players,
                estimated=False,
                baseline_value=empty if index == "FBII" else 0.0,
            )

    silence = np.zeros((1, table.n_components), dtype=int)
    value = float(table.logits(silence)[0])
    value = value if target == "logit" else float(expit(value))
    return ScoreGame(table.n_components, normalization_value=value, player_names=names)

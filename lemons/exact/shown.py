"""A table of answers as a notebook shows it: what it makes of the full mix to leave each component out."""

from typing import Any

import numpy as np

from lemons.markup import table_html

__all__ = ["left_out_html"]


def left_out_html(table: Any) -> str:
    """The HTML of a `lemons.exact.ScoreTable`: a row for each segment, a column for each stem."""
    n_segments, n_stems = table.sounding.shape
    masks = np.concatenate([np.ones((1, n_segments * n_stems), dtype=int), 1 - np.eye(n_segments * n_stems, dtype=int)])
    full, *without = table.logits(masks).astype(np.float64)
    differences = (full - np.array(without)).reshape(n_segments, n_stems).tolist()
    mixes = f"{2**table.n_sounding:,}".replace(",", " ")
    return table_html(
        f"The model's answers to {mixes} mixes of {table.n_sounding} sounding components",
        ["", *(f"stem {i}" for i in range(n_stems))],
        [[f"segment {s}", *row] for s, row in enumerate(differences)],
        note=f"The logit of the full mix is {full:.3f}; the table says how much of it is lost without each component.",
    )

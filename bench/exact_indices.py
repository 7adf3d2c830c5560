"""Exact Shapley values and interactions of a table: ours beside shapiq's own computer, in one run.

    python bench/exact_indices.py

makes a track of noise in 5 stems, all sounding, asks a network of the recommender's shape with random weights for all
its masks, and computes Shapley values and 2-SII from them in both ways at the sizes that shapiq can. Seconds are of the
processor, one thread, and do not count the pass of the engine. They hold whatever the answers are.
"""

import os
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import shapiq
import torch
from report import machine, table, write_section

from lemons.exact import ScoreTable, score_table
from recsys.model import FCN

N_STEMS, SECONDS = 5, 8
N_SEGMENTS = (2, 3, 4, 5)
THEIR_MAX = {"SV": 20, "k-SII": 15}  # components; beyond it theirs takes minutes
WHAT = {"SV": ("Shapley values", 1), "k-SII": ("Shapley values and interactions of all pairs (2-SII)", 2)}


def cost(work: Callable) -> tuple[float, Any]:
    """Processor seconds, and the result."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def fresh(answers: ScoreTable) -> ScoreTable:
    """The same table, of which nothing is enumerated yet."""
    return answers.with_head(answers.pooled.head)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    where = machine()
    model = FCN().eval()
    stems = np.random.default_rng(0).uniform(-0.1, 0.1, (N_STEMS, SECONDS * 16000)).astype(np.float32)
    rows = []
    for n_segments in N_SEGMENTS:
        answers = score_table(model, stems, n_segments)
        n = answers.n_sounding
        for index, (words, order) in WHAT.items():
            ours, found = cost(lambda: fresh(answers).to_shapiq().exact_values(index, order))  # noqa: B023
            row = [str(n), words, f"{ours:.2f}"]
            if n <= THEIR_MAX[index]:
                game = fresh(answers).to_shapiq()
                theirs, right = cost(lambda: shapiq.ExactComputer(game)(index, order))  # noqa: B023
                largest = max(abs(value) for value in right.dict_values.values())
                differ = max(abs(found.dict_values[key] - value) for key, value in right.dict_values.items()) / largest
                row += [f"{theirs:.2f}", f"{theirs / ours:.0f}", f"{differ:.0e}"]
            rows.append(row + [""] * (6 - len(row)))
            print(rows[-1], flush=True)
    head = ["components", "what", "LEMONS: s", "shapiq: s", "times", "largest difference, relative"]
    text = (
        f"{where}; shapiq {version('shapiq')}. Seconds are of the processor.\n"
        "Both count what the table takes to answer. Where nothing stands, shapiq's `ExactComputer` was not asked."
    )
    write_section("Exact indices beside shapiq (bench/exact_indices.py)", f"{text}\n\n{table(head, rows)}")


if __name__ == "__main__":
    main()

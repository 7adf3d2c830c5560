"""From judged tracks to means with intervals: what truth.json holds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from explanations.studies.truth.measures import mean_with_interval
from explanations.studies.truth.methods import METHODS

__all__ = ["MEASURES", "summarise"]

MEASURES = ("auc", "top1", "top3")
FACTS = ("exact", "model", "precision", "recall")


def summarise(tracks: Sequence[dict[str, Any]], kind: str, *, facts: Sequence[str]) -> dict[str, Any]:
    """Means over tracks of what `explanations.studies.truth.judge.judge` found.

    Parameters
    ----------
    tracks : sequence of dict
        each with ``kinds``, and with ``seed`` where models of several seeds were explained; at least one
    kind : str
        of components
    facts : sequence of "sufficient" and "necessary"
        which smallest sets should be the planted one

    Returns
    -------
    dict
        ``methods``: by method and measure; ``facts``: of the sets of both kinds, and which should be planted; ``gate``:
        the share refused, and of what it reads the means and the share of pairs between planted components. Every mean
        has its bootstrap interval over tracks, or over models and their tracks; but for ``size`` of the smallest sets,
        which is the mean over the tracks that have one, or None
    """
    found = [track["kinds"][kind] for track in tracks]
    seeds = [track["seed"] for track in tracks] if "seed" in tracks[0] else None

    def mean(*path: str) -> dict[str, Any]:
        values = []
        for one in found:
            for name in path:
                one = one[name]
            values.append(float(one))
        return mean_with_interval(values, seeds=seeds)

    def mean_size(which: str) -> float | None:
        sizes = [one["facts"][which]["size"] for one in found]
        sizes = [size for size in sizes if size >= 0]
        return float(np.mean(sizes)) if sizes else None

    read = {name: mean("gate", name) for name in ("r2", "r2_p", "ratio", "pair_planted")}
    refused = mean_with_interval([not one["gate"]["holds"] for one in found], seeds=seeds)
    right = [one for one in found if one["methods"]["exact LIME"]["top1"] == 1]
    return {
        "methods": {name: {measure: mean("methods", name, measure) for measure in MEASURES} for name in METHODS},
        "facts": {"planted": list(facts)}
        | {
            which: {name: mean("facts", which, name) for name in FACTS} | {"size": mean_size(which)}
            for which in ("sufficient", "necessary")
        },
        "gate": read
        | {
            "refused": refused,
            "n_right": len(right),
            "n_right_refused": sum(not one["gate"]["holds"] for one in right),
            "n_wrong_refused": sum(not one["gate"]["holds"] for one in found if one not in right),
        },
    }

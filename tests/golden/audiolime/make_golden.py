"""Make golden.npz and golden.json: what audioLIME v0.0.3 answers in a handful of cases.

It needs a clone of the original beside an environment with numpy, scipy, scikit-learn and librosa:

    git clone --branch v0.0.3 https://github.com/CPJKU/audioLIME
    python make_golden.py audioLIME

The original imports `stats` from the package `regressors` and never uses it; that package no longer installs with
current setuptools, so an empty module stands in for it.
"""

import datetime
import json
import platform
import sys
import types
from pathlib import Path

import numpy as np
import sklearn

HERE = Path(__file__).parent
SOURCES, N_SAMPLES, SEGMENTS = ("vocals", "drums", "bass", "other"), 600, 3  # 600: divides evenly, no tail to drop
N_LABELS = 3

CASES = {
    "time": {"kind": "time", "instance": {"labels": [1], "num_samples": 40}},
    "source": {"kind": "source", "instance": {"labels": [0, 2], "num_samples": 64}},
    "both": {"kind": "both", "instance": {"labels": [1], "num_samples": 400}},
    "paper's size": {"kind": "both", "random_state": 2, "instance": {"labels": [1], "num_samples": 2048}},
    "forward selection": {"kind": "both", "instance": {"labels": [1], "num_features": 4, "num_samples": 150}},
    "highest weights": {"kind": "both", "instance": {"labels": [1], "num_features": 8, "num_samples": 150}},
    "forward selection, few masks": {
        "kind": "both",
        "random_state": 9,
        "instance": {"labels": [1], "num_features": 5, "num_samples": 30},
    },
    "highest weights, few masks": {
        "kind": "both",
        "instance": {"labels": [1], "num_features": 8, "num_samples": 30},
    },
    "lasso path": {
        "kind": "both",
        "explainer": {"feature_selection": "lasso_path"},
        "instance": {"labels": [1], "num_features": 5, "num_samples": 150},
    },
    "no selection": {
        "kind": "both",
        "explainer": {"feature_selection": "none"},
        "instance": {"labels": [2], "num_features": 3, "num_samples": 100},
    },
    "absolute sort": {
        "kind": "both",
        "explainer": {"absolute_feature_sort": True},
        "instance": {"labels": [1], "num_samples": 100},
    },
    "other kernel width": {
        "kind": "both",
        "explainer": {"kernel_width": 0.7},
        "instance": {"labels": [1], "num_samples": 100},
    },
    "exhaustive": {"kind": "source", "instance": {"labels": [1], "num_samples": "exhaustive"}},
    "top labels": {"kind": "both", "random_state": 7, "instance": {"top_labels": 2, "num_samples": 100}},
    "regression": {"kind": "both", "instance": {"num_reg_targets": 2, "num_samples": 100}},
    "no intercept": {"kind": "both", "instance": {"num_reg_targets": 1, "fit_intercept": False, "num_samples": 100}},
    "random seed given": {"kind": "time", "instance": {"labels": [1], "random_seed": 3, "num_samples": 40}},
    "other metric": {"kind": "both", "instance": {"labels": [1], "distance_metric": "hamming", "num_samples": 100}},
}


def main(clone: str) -> None:
    """Run every case with the original found in ``clone``."""
    sys.path.insert(0, clone)
    sys.modules["regressors"] = types.ModuleType("regressors")
    sys.modules["regressors"].stats = None
    from audioLIME.factorization_base import SourceSeparationBasedFactorization, TimeOnlyFactorization
    from audioLIME.lime_audio import LimeAudioExplainer

    rng = np.random.default_rng(440)
    sources = np.round(rng.uniform(-0.2, 0.2, (len(SOURCES), N_SAMPLES)) * 2**15) / 2**15
    sources = sources.astype(np.float32)
    projection = rng.normal(0, 0.3, (N_SAMPLES, N_LABELS))
    mix = sources.sum(axis=0)

    class GivenFactorization(SourceSeparationBasedFactorization):
        def initialize_components(self):
            return list(sources), list(SOURCES)

    def predict(inputs):
        """Softmax of three projections: not linear, different for every label."""
        odds = np.exp(inputs @ projection)
        return odds / odds.sum(axis=1, keepdims=True)

    arrays = {"sources": sources, "projection": projection}
    for name, case in CASES.items():
        if case["kind"] == "time":
            factorization = TimeOnlyFactorization(mix, 16000, 6)
        else:
            factorization = GivenFactorization(mix, 16000, SEGMENTS if case["kind"] == "both" else 1)
        explainer = LimeAudioExplainer(random_state=case.get("random_state", 0), **case.get("explainer", {}))
        found = explainer.explain_instance(factorization, predict, **case["instance"])
        arrays[f"{name}/masks"] = found.neighborhood_data.astype(np.uint8)
        arrays[f"{name}/labels"] = np.array(list(found.local_exp))
        for label, local_exp in found.local_exp.items():
            arrays[f"{name}/{label}/components"] = np.array([component for component, _ in local_exp])
            arrays[f"{name}/{label}/weights"] = np.array([weight for _, weight in local_exp])
            numbers = [found.intercept[label], found.score[label], found.local_pred[label][0]]
            arrays[f"{name}/{label}/intercept, score, local_pred"] = np.array(numbers)
    np.savez_compressed(HERE / "golden.npz", **arrays)
    made = {
        "made by": "audioLIME v0.0.3 (14a34d457684b697405ffaa811b65da6079b0d59)",
        "with": f"Python {platform.python_version()}, numpy {np.__version__}, scikit-learn {sklearn.__version__}",
        "on": datetime.date.today().isoformat(),
        "cases": CASES,
    }
    (HERE / "golden.json").write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

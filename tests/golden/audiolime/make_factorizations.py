"""Make factorizations.npz and factorizations.json: what audioLIME v0.0.3 answers beside the cases of make_golden.py.

It needs a clone of the original beside an environment with numpy, scipy, scikit-learn, librosa, PyTorch and
scikit-image, and ../spleeter/tiny4.npz, stems that Spleeter itself made:

    git clone --branch v0.0.3 https://github.com/CPJKU/audioLIME
    python make_factorizations.py audioLIME

What the original needs to run with current packages, none of it a part of the numbers: an empty module in place of
`regressors`, which it imports and never uses; the names of librosa.resample's arguments, which it gives by position;
``channel_axis=None`` among the parameters of SLIC, which scikit-image now asks for where an image has one channel.
"""

import datetime
import json
import os
import pickle
import platform
import sys
import types
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import librosa
import numpy as np
import skimage
import sklearn
import soundfile
import torch
from sklearn.linear_model import LinearRegression

HERE = Path(__file__).parent
N_BINS, N_FRAMES, HOP, SR = 20, 31, 256, 16000
SAMPLES = {"type": "manual", "manual_segments": [(0, 2560), (2560, 5120), (5120, 7936)]}  # 10, 10 and 11 frames
BASELINES = ("zero", "min", "max", "mean", "unif", "shuffle")
SEED = 5  # of the baselines
SELECTIONS = ([], [0], [1, 6, 11], [2, 3, 4])
SUPERPIXELS = {"slic": {"n_segments": 12, "compactness": 0.1}, "fsz": {"scale": 1, "min_size": 15}}
ASKED = {"labels": [1], "num_samples": 120}
SPLEETER = ("vocals", "drums", "bass", "other")
SORTED = (
    {},
    {"num_components": 2},
    {"negative_components": False},
    {"positive_components": False},
    {"min_abs_weight": 0.05},
    {"negative_components": False, "num_components": 1},
)


def predict(inputs, projection):
    """Softmax of three projections: not linear, different for every label."""
    odds = np.exp(np.reshape(inputs, (len(inputs), -1)) @ projection)
    return odds / odds.sum(axis=1, keepdims=True)


def waves(n):
    """A projection that needs not be kept."""
    return 0.3 * np.sin(np.outer(np.arange(n), [0.1, 0.2, 0.3]))


def keep(arrays, name, explanation):
    """The numbers of an explanation, its first label's."""
    label = min(explanation.local_exp)
    arrays[f"{name}/masks"] = explanation.neighborhood_data.astype(np.uint8)
    arrays[f"{name}/weights"] = np.array(sorted(explanation.local_exp[label]), dtype=float)
    numbers = [explanation.intercept[label], explanation.score[label], explanation.local_pred[label][0]]
    arrays[f"{name}/intercept, score, local_pred"] = np.array(numbers, dtype=float)


def spectrograms(arrays, rng, explain):
    """The grid and its baselines, the segments that it cuts itself, and the bins that it leaves out; superpixels."""
    from audioLIME.factorization_image import ImageLikeFactorization
    from audioLIME.factorization_slime import TimeFrequencyTorchFactorization

    x = arrays["spectrogram"] = rng.uniform(0.1, 1, (N_BINS, N_FRAMES)).astype(np.float32)
    projection = waves(x.size)
    tensor = torch.from_numpy(x)
    for baseline in BASELINES:
        np.random.seed(SEED)  # noqa: NPY002 (it is what the original draws from)
        torch.manual_seed(SEED)
        grid = TimeFrequencyTorchFactorization(tensor, SR, 4, SAMPLES, HOP, baseline)
        arrays[f"{baseline}/baseline"] = grid.baseline.numpy()
        for i, selection in enumerate(SELECTIONS):
            arrays[f"{baseline}/composed {i}"] = grid.compose_model_input(selection).numpy()
        keep(arrays, baseline, explain(grid, projection))
    own = TimeFrequencyTorchFactorization(tensor, SR)  # 4 bands, 6 segments, as its defaults are
    arrays["own segments"] = np.array(own.temporal_segments)
    arrays["own segments/composed"] = np.stack([own.compose_model_input([i]).numpy() for i in range(24)])
    odd = TimeFrequencyTorchFactorization(tensor, SR, 3, SAMPLES, HOP, "min")  # 20 bins are 3 bands of 6, and 2 more
    arrays["odd bins/composed"] = odd.compose_model_input(range(9)).numpy()
    smooth = np.kron(rng.uniform(0, 4, (4, 6)), np.ones((5, 6))) + rng.uniform(0, 0.2, (N_BINS, 36))
    arrays["smooth"] = smooth = smooth[:, :N_FRAMES].astype(np.float32)
    for algorithm, params in SUPERPIXELS.items():
        given = {**params, "channel_axis": None} if algorithm == "slic" else dict(params)
        image = ImageLikeFactorization(np.zeros(100), SR, torch.from_numpy(smooth), algorithm, given, "min")
        arrays[f"{algorithm}/regions"] = image.original_components.astype(np.int16)
        arrays[f"{algorithm}/composed"] = np.stack(
            [image.compose_model_input([i]) for i in range(image.get_number_components())]
        )
        keep(arrays, algorithm, explain(image, projection))
    with_its_own = ImageLikeFactorization(np.zeros(100), SR, torch.from_numpy(smooth), "fsz")
    arrays["fsz with its own parameters/regions"] = with_its_own.original_components.astype(np.int16)


def sounds(arrays, rng, explain, explainer):
    """A sound that does not divide evenly; an explainer that is used again, or has no state; sorting; other fits."""
    from audioLIME.evaluation import compute_complexity
    from audioLIME.factorization_base import SourceSeparationBasedFactorization, TimeOnlyFactorization

    sources = arrays["sources"] = rng.uniform(-0.2, 0.2, (2, 607)).astype(np.float32)
    projection = waves(607)

    class Given(SourceSeparationBasedFactorization):
        def initialize_components(self):
            return list(sources), ["vocals", "drums"]

    keep(arrays, "tail, time", explain(TimeOnlyFactorization(sources.sum(axis=0), SR, 6), projection))
    keep(arrays, "tail, both", explain(Given(sources.sum(axis=0), SR, 3), projection[:606]))
    stems = Given(sources.sum(axis=0), SR, {"type": "manual", "manual_segments": [(0, 300), (300, 607)]})
    again = explainer(random_state=3)
    for time in ("first", "second"):
        keep(arrays, f"{time} call", explain(stems, projection, by=again))
    np.random.seed(11)  # noqa: NPY002
    found = explain(stems, projection, by=explainer(random_state=None))
    keep(arrays, "numpy's own state", found)
    arrays["complexity"] = np.array(compute_complexity(found, 1))
    for i, arguments in enumerate(SORTED):
        components, arrays[f"sorted {i}/indices"] = found.get_sorted_components(1, return_indeces=True, **arguments)
        arrays[f"sorted {i}/sum"] = np.sum(components, axis=0)
    keep(arrays, "least squares", explain(stems, projection, model_regressor=LinearRegression()))
    keep(arrays, "own kernel", explain(stems, projection, by=explainer(kernel=hat, kernel_width=0.6, random_state=0)))


def hat(d, kernel_width):
    """A kernel that is no bell."""
    return np.maximum(0, 1 - d / kernel_width)


def spleeter(arrays, explain):
    """Stems that Spleeter made, kept as the original keeps them."""
    from audioLIME.factorization_spleeter import SpleeterPrecomputedFactorization

    original = librosa.resample
    librosa.resample = lambda y, orig_sr, target_sr: original(y, orig_sr=orig_sr, target_sr=target_sr)
    with np.load(HERE.parent / "spleeter" / "tiny2.npz") as golden:
        mix = golden["mono_waveform"][0]
    with np.load(HERE.parent / "spleeter" / "tiny4.npz") as golden, TemporaryDirectory() as folder:
        stems = {name: golden[f"mono_{name}"].T for name in SPLEETER}
        os.makedirs(f"{folder}/spleeter:4stems")
        soundfile.write(f"{folder}/song.wav", mix, 44100, subtype="FLOAT")
        with open(f"{folder}/spleeter:4stems/song.wav.pt", "wb") as file:
            pickle.dump(stems, file)
        for sr in (44100, 22050):
            kept = SpleeterPrecomputedFactorization(f"{folder}/song.wav", 2, None, sr, "spleeter:4stems", folder)
            arrays[f"spleeter at {sr}/composed"] = np.stack([kept.compose_model_input([i]) for i in range(8)])
            keep(arrays, f"spleeter at {sr}", explain(kept, waves(kept.explained_length)))
    librosa.resample = original


def main(clone: str) -> None:
    """Run every case with the original found in ``clone``."""
    sys.path.insert(0, clone)
    sys.modules["regressors"] = types.ModuleType("regressors")
    sys.modules["regressors"].stats = None
    from audioLIME.lime_audio import LimeAudioExplainer

    def explain(factorization, projection, by=None, **arguments):
        by = by or LimeAudioExplainer(random_state=0)
        return by.explain_instance(factorization, lambda inputs: predict(inputs, projection), **ASKED, **arguments)

    arrays, rng = {}, np.random.default_rng(440)
    warnings.filterwarnings("ignore", "last|Adding")  # what the original says of tails
    spectrograms(arrays, rng, explain)
    sounds(arrays, rng, explain, LimeAudioExplainer)
    spleeter(arrays, explain)
    np.savez_compressed(HERE / "factorizations.npz", **arrays)
    packages = {one.__name__: one.__version__ for one in (np, sklearn, librosa, torch, skimage)}
    made = {
        "made by": "audioLIME v0.0.3 (14a34d457684b697405ffaa811b65da6079b0d59)",
        "with": f"Python {platform.python_version()}, " + ", ".join(f"{a} {b}" for a, b in packages.items()),
        "on": datetime.date.today().isoformat(),
    }
    (HERE / "factorizations.json").write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

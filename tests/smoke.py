"""The small installation at work: ``python tests/smoke.py`` ends without an error where lemons-explanations is.

`tests/test_small_install.py` runs it beside the packages of the small installation alone, .ci/run where pip installed
the wheel. It needs no other file of the repository.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

import lemons
from lemons.audio import quantize
from lemons.errors import MissingDependencyError
from lemons.quality import measure
from lemons.sampling import estimate_shapley, leverage

LARGE = {"torch", "librosa", "pandas", "matplotlib", "sacred", "streamlit", "tensorboard"}
SR = lemons.SAMPLE_RATE
BELL, DRONE = 880, 110  # Hz


def hears_the_bell(mixes: np.ndarray) -> np.ndarray:
    """A model that hears one thing: how much "no bell" and "bell" there is, by the level at its frequency."""
    wave = np.exp(-2j * np.pi * BELL * np.arange(mixes.shape[1]) / SR)
    level = np.abs(mixes @ wave) / mixes.shape[1]
    return np.stack([1 - level, level], axis=1)


def make_library(folder: Path) -> None:
    """A library of one track: a bell in its second half over a drone, and both as stems."""
    time = np.arange(2 * SR) / SR  # s
    stems = {
        "bell": quantize(0.5 * np.sin(2 * np.pi * BELL * time) * (time >= 1)),
        "drone": quantize(0.3 * np.sin(2 * np.pi * DRONE * time)),
    }
    for name, y in stems.items():
        lemons.write_flac(folder / "stems" / "S1" / f"{name}.flac", y)
    soundfile.write(folder / "song.wav", sum(stems.values()), SR, subtype="PCM_16")
    (folder / "tracks.csv").write_text("track_id,title,artist,genre,file\nS1,Ode,Zoe,pop,song.wav\n")
    (folder / "listens.csv").write_text("user,track_id,playcount\nmarko,S1,3\n")


def find_the_bell(track: lemons.Track) -> None:
    """Let audioLIME explain the model: of both stems in both halves, the bell in the second one counts."""
    factorization = lemons.StemFactorization(track.stems, temporal_segmentation_params=2)
    explainer = lemons.LimeAudioExplainer()
    explanation = explainer.explain_instance(factorization, hears_the_bell, labels=[1], num_samples="exhaustive")
    weights = dict(explanation.weights_of(1))
    names = factorization.get_ordered_component_names()
    assert names[max(weights, key=weights.__getitem__)] == "bell1"
    why = lemons.explain(hears_the_bell, track, segments=2, label=1, output="probability", num_samples=16)
    (top,) = why.explanation.top(1)
    assert (top.stem, top.segment, why.explanation.work) == ("bell", 1, 16)
    neighborhood = leverage(4, 16)
    answers = neighborhood.masks[:, names.index("bell1")] * 0.25
    assert np.argmax(estimate_shapley(neighborhood, answers).weights) == names.index("bell1")
    found = measure(lambda masks: masks[:, names.index("bell1")] * 0.25, [weights[i] for i in range(4)], k=1)
    assert found.aopc_top > found.aopc_top_random


def ask_for_more() -> None:
    """What needs an extra says which."""
    for name, extra in {"score_table": "exact", "get_separator": "separation"}.items():
        try:
            getattr(lemons, name)("hpss")
        except MissingDependencyError as error:
            said = str(error)
        assert f"pip install 'lemons-explanations[{extra}]'" in said


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        folder = Path(name)
        make_library(folder)
        library = lemons.open_library(folder)
        assert library.users == ["marko"]
        find_the_bell(lemons.open_track("S1", library))
        find_the_bell(lemons.open_track(str(folder / "song.wav"), None, separator="given", weights=folder / "stems/S1"))
    ask_for_more()
    assert not LARGE & set(sys.modules)

"""What the small installation does: ``python tests/smoke.py`` ends without an error where lemons-explanations is.

`tests/test_small_install.py` runs it among the packages of the small installation alone, and .ci/run where pip has just
installed the wheel. It needs no other file of the repository.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

import lemons
from lemons.audio import quantize, write_flac
from lemons.errors import MissingDependencyError
from lemons.quality import measure
from lemons.segments import find_segments

LARGE = {"torch", "librosa", "pandas", "matplotlib", "sacred", "streamlit", "tensorboard"}
SR = lemons.SAMPLE_RATE


def is_played(waves: np.ndarray) -> np.ndarray:
    """A model that hears one thing, the bell: classes "no" and "yes" by the energy around 880 Hz."""
    spectrum = np.abs(np.fft.rfft(waves, axis=1)) ** 2
    bell = spectrum[:, int(860 * waves.shape[1] / SR) : int(900 * waves.shape[1] / SR)].sum(axis=1)
    return np.stack([1 / (1 + bell), bell / (1 + bell)], axis=1)


def make_library(folder: Path) -> None:
    """A library of one track, whose stems are a bell in its second half and a drone."""
    time = np.arange(2 * SR) / SR  # s
    bell = quantize(0.3 * np.sin(2 * np.pi * 880 * time) * (time >= 1))
    drone = quantize(0.3 * np.sin(2 * np.pi * 110 * time))
    for name, y in {"bell": bell, "drone": drone}.items():
        write_flac(folder / "stems" / "S1" / f"{name}.flac", y)
    soundfile.write(folder / "song.wav", bell + drone, SR, subtype="PCM_16")
    (folder / "tracks.csv").write_text("track_id,title,artist,genre,file\nS1,Ode,Zoe,pop,song.wav\n")
    (folder / "listens.csv").write_text("user,track_id,playcount\nmarko,S1,3\n")


def explain(stems: dict[str, np.ndarray]) -> None:
    """audioLIME finds the bell, where it sounds."""
    mix = sum(stems.values())
    segments = find_segments("0,1", mix)
    factorization = lemons.StemFactorization(stems, temporal_segmentation_params=segments.borders[:-1] or None)
    explainer = lemons.LimeAudioExplainer()
    explanation = explainer.explain_instance(factorization, is_played, labels=[1], num_samples=16)
    print(explanation)


def main() -> None:
    with TemporaryDirectory() as folder:
        make_library(Path(folder))
        library = lemons.open_library(folder)
        explain(library.stems("S1"))


if __name__ == "__main__":
    main()

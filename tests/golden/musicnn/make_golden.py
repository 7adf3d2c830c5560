"""Make golden.npz: what the original musicnn makes of four seconds of sound, on TensorFlow.

In an environment of its own (Python 3.11)::

    pip install tensorflow-cpu==2.15.1 librosa==0.8.1 numpy==1.23.5 "setuptools<70"
    pip install --no-deps musicnn==0.1.0
    python tests/golden/musicnn/make_golden.py

librosa is as old as that because since 0.9 its frames meet zeros instead of a mirror at both ends, and NumPy because
since 2.0 the original's ``10000 * x`` stays in half precision, where it overflows for loud music. The stored file was
made with these versions on 2026-11-27. It holds the sound's mel spectrogram, tags and pooled features, no weights; the
sound is drawn again by `waveform`.
"""

import tempfile
from pathlib import Path

import numpy as np

SR = 16000  # Hz
N_FRAMES = 256  # more than the 146 that one column of the network hears
MODELS = ("MTT", "MSD")


def waveform() -> np.ndarray:
    """Plucked tones, noise that swells, half a second of silence, a click; loud enough for half precision to matter."""
    n_samples = (N_FRAMES - 1) * 256
    rng = np.random.default_rng(440)
    time = np.arange(n_samples) / SR
    y = 0.02 * rng.standard_normal(n_samples) * np.sin(np.pi * time / time[-1])
    for start, pitch in zip((0, 0.6, 1.2, 2.6), (110, 220, 331, 165), strict=True):
        since = np.maximum(time - start, 0)
        y += 0.35 * (time >= start) * np.exp(-3 * since) * np.sign(np.sin(2 * np.pi * pitch * since))
    y[(time > 1.9) & (time < 2.4)] = 0
    y[int(2.2 * SR)] = 0.9
    return (np.rint(y * 2**15) / 2**15).clip(-1, 1 - 2**-15).astype(np.float32)


if __name__ == "__main__":
    import librosa
    import soundfile
    import tensorflow
    from musicnn.extractor import batch_data, extractor

    stored = {"versions": np.array([tensorflow.__version__, librosa.__version__, np.__version__])}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "sound.wav")
        soundfile.write(path, waveform(), SR, subtype="FLOAT")
        batch, _ = batch_data(path, N_FRAMES, N_FRAMES)
        stored["mel"] = batch[0]
        # the length in seconds that the original rounds to this number of frames
        seconds = (N_FRAMES - 1) * 256 / SR + 512 / 2 / SR
        for model in MODELS:
            tags, labels, features = extractor(path, model=f"{model}_musicnn", input_length=seconds)
            assert len(tags) == 1, "the sound is not one patch"
            stored[f"{model}_labels"] = np.array(labels)
            stored[f"{model}_tags"] = tags[0]
            stored[f"{model}_max"], stored[f"{model}_mean"] = features["max_pool"][0], features["mean_pool"][0]
            stored[f"{model}_penultimate"] = features["penultimate"][0]
    np.savez_compressed(Path(__file__).with_name("golden.npz"), **stored)

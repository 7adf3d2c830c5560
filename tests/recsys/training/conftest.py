import numpy as np
import pytest

from recsys.data.crops import TrackSet

N = 8000  # samples in a track: half a second


@pytest.fixture
def make_tracks(rng):
    """Tones, labelled 1, and noises, labelled 0, in turn, of any loudness."""

    def make(n):
        labels, audio = np.arange(n) % 2 == 0, []
        for is_tone in labels:
            tone = np.sin(2 * np.pi * rng.uniform(200, 3000) * np.arange(N) / 16000)
            y = tone if is_tone else rng.uniform(-1, 1, N)
            audio.append((rng.uniform(3000, 30000) * y).astype(np.int16))
        return TrackSet([f"T{i}" for i in range(n)], audio, labels.astype(np.float32))

    return make


@pytest.fixture
def tracks(make_tracks):
    return make_tracks(8)

import numpy as np
import pandas as pd
import pytest

from lemons.audio import SAMPLE_RATE, quantize, write_flac


@pytest.fixture
def rng():
    """A source of chance that is the same in every test."""
    return np.random.default_rng(440)


@pytest.fixture
def toy_library(tmp_path):
    """A folder with 24 tones, played by marko, and 24 noises, played by nina; 2 s each, of any loudness and tempo."""
    rng = np.random.default_rng(24)
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE  # s
    tracks, listens = [], []
    for i in range(48):
        genre, user = ("tone", "marko") if i < 24 else ("noise", "nina")
        y = np.sin(2 * np.pi * rng.uniform(200, 3000) * time) if genre == "tone" else rng.uniform(-1, 1, len(time))
        track_id = f"{genre}{i:02}"
        write_flac(tmp_path / "toy" / "audio" / f"{track_id}.flac", quantize(rng.uniform(0.1, 0.9) * y))
        row = {"track_id": track_id, "title": f"Song {i}", "artist": "Toy", "genre": genre}
        tracks.append(row | {"file": f"audio/{track_id}.flac", "tempo": round(rng.uniform(60, 180))})
        listens.append({"user": user, "track_id": track_id, "playcount": i % 5 + 1})
    pd.DataFrame(tracks).to_csv(tmp_path / "toy" / "tracks.csv", index=False)
    pd.DataFrame(listens).to_csv(tmp_path / "toy" / "listens.csv", index=False)
    return tmp_path / "toy"

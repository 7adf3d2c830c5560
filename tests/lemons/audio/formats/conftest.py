"""Sound in bytes, and a way to read it from a file."""

import numpy as np
import pytest

from lemons.audio.recording import Recording
from tests.lemons.audio.encoded import VARIABLE, encoded


@pytest.fixture(scope="module")
def mp3():
    return encoded(**VARIABLE)


@pytest.fixture
def read(tmp_path):
    """Write bytes to a file; what is read of it, its rate."""

    def read(content, suffix="mp3"):
        (tmp_path / f"song.{suffix}").write_bytes(content)
        with Recording(tmp_path / f"song.{suffix}") as recording:
            return np.concatenate([np.zeros((0, recording.n_channels)), *recording.blocks(10**5)]), recording.sr

    return read

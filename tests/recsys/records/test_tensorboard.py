import io

import numpy as np
import pytest
import soundfile

from recsys.data.crops import TrackSet
from recsys.records.tensorboard import Sounds


def test_tracks_of_both_classes_are_heard_beside_their_relevance(tmp_path, rng):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import AUDIO, EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    audio = [rng.integers(-30_000, 30_000, 8000 + i).astype(np.int16) for i in range(6)]
    tracks = TrackSet(list("ABCDEF"), audio, np.float32([0, 1, 1, 1, 0, 0]))
    with SummaryWriter(tmp_path) as writer:
        sounds = Sounds(writer, tracks)
        sounds(np.float32([0, 1, 2, 3, 4, 5]), 1)
        sounds(np.float32([0, -1, -2, -3, -4, -5]), 2)
    events = EventAccumulator(str(tmp_path), size_guidance={AUDIO: 0}).Reload()
    names = [f"relevance/{name}" for name in ("A (not played)", "B (played)", "C (played)", "E (not played)")]
    assert sorted(events.Tags()["audio"]) == sorted(events.Tags()["scalars"]) == names
    heard, sr = soundfile.read(io.BytesIO(events.Audio(names[2])[0].encoded_audio_string), dtype="int16")
    assert sr == 16000
    np.testing.assert_allclose(heard, audio[2], atol=1)  # TensorBoard scales by 32767
    assert [(point.step, round(point.value, 3)) for point in events.Scalars(names[2])] == [(1, 0.881), (2, 0.119)]

"""What a visitor takes home is what was heard."""

import io
import zipfile
from types import SimpleNamespace

import numpy as np
import soundfile

from explanations.page.downloads import _stems
from lemons.audio import quantize


def test_stems_above_full_scale_are_scaled_together_and_keep_their_shape(rng):
    vocals = quantize(rng.uniform(-1, 1, 1000))
    stems = {"vocals": vocals, "drums": 3 * vocals}  # as a separator may leave them: they overshoot, their mix does not
    case = SimpleNamespace(track=SimpleNamespace(stems=stems))
    with zipfile.ZipFile(io.BytesIO(_stems(case))) as archive:
        found = {name: soundfile.read(io.BytesIO(archive.read(f"{name}.flac")))[0] for name in stems}
    for name, y in stems.items():
        np.testing.assert_array_equal(found[name], y / 4)  # the largest power of two that brings 3 within full scale

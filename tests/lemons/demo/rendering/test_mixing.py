"""The mixing desk: stems that sum to the mix."""

import numpy as np

from lemons.demo.rendering.mixing import GRID, PEAK, STEM_NAMES, master

N_SAMPLES = 480000


def test_mastering_keeps_the_balance_and_does_not_clip(rng):
    stems = {name: rng.standard_normal(8000) for name in STEM_NAMES} | {"piano": np.zeros(8000)}
    done = master(stems, tilt_db=0.0, target_db=0.0)  # louder than a file can hold
    mix = sum(y.astype(int) for y in done.values())
    assert np.abs(mix).max() <= PEAK * 32768 + GRID * len(stems)
    assert np.abs(mix).max() >= PEAK * 32768 - GRID * len(stems)
    assert not done["piano"].any()
    body = slice(0, 8000 // 100)  # before the fade
    gain = done["bass"][body] @ stems["bass"][body] / (stems["bass"][body] @ stems["bass"][body])
    for name in ("vocals", "drums", "other"):  # linear and common: nothing but rounding is left
        assert np.abs(done[name][body] - gain * stems[name][body] * fade(8000)[body]).max() < 0.02 * 32768


def fade(n_samples):
    return np.linspace(1, 0, n_samples) ** 2


def test_quiet_mastering_meets_its_target(rng):
    done = master({"drums": rng.standard_normal(N_SAMPLES)}, tilt_db=2.0, target_db=-24.0)
    rms_db = 10 * np.log10(np.mean((done["drums"] / 32768) ** 2))
    assert abs(rms_db + 24) < 0.05


def test_no_stem_clips_and_all_lie_on_the_grid(tracks):
    for _, stems in tracks.values():
        for y in stems.values():
            assert y.shape == (N_SAMPLES,)
            assert np.abs(y).max() < 1
            assert not (y * 32768 % GRID).any()

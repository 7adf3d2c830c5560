"""What docs/from-audiolime.md says: examples run, and the ways back to the old behaviour give audioLIME's numbers."""

import inspect
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lemons.audio import quantize
from lemons.audiolime import SourceSeparationBasedFactorization, TimeOnlyFactorization
from tests.lemons.audiolime.originals import HOP, SAMPLES, SR, check, explain, waves
from tests.lemons.separation.spleeter.golden import GOLDEN

PAGE = (Path(__file__).parents[3] / "docs" / "from-audiolime.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w.]+)` \| ([\w, ]+) \| (.+) \|$", PAGE, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The names that the page's examples make, run one after the other beside a song."""
    folder = tmp_path_factory.mktemp("page")
    y = quantize(np.sin(np.arange(2 * SR) * 0.2) * np.linspace(0, 0.5, 2 * SR))
    soundfile.write(folder / "song.wav", y, SR)
    names = {"predict_fn": lambda inputs: np.stack([1 - inputs.max(axis=1), inputs.max(axis=1)], axis=1)}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL):
        exec(block.replace('"song.wav"', repr(str(folder / "song.wav"))), names)
    return names


def test_the_first_example_finds_where_the_song_is_loudest(page):
    assert page["components"][0] == 4
    assert page["sounds"].shape == (2 * SR,)


def test_cells_of_an_stft_are_heard_at_their_own_time(page):
    """Bands 0 of the first segment and 1 of the second; what is left of the tone of 509 Hz, in band 0, is early."""
    sound, third = page["sound"], 2 * SR // 6
    assert np.square(sound[:third]).sum() > 100 * np.square(sound[2 * third :]).sum()


@pytest.mark.parametrize(("name", "arguments", "ours"), ROWS, ids=[row[0] for row in ROWS])
def test_names_and_arguments_are_in_the_table_as_they_are(name, arguments, ours):
    found = pkgutil.resolve_name(f"lemons.audiolime.{name}" if name[0].islower() else f"lemons.audiolime:{name}")
    extra = re.match(r"and ([\w, ]+)", ours)
    told = arguments.split(", ") + (re.split(r", ", extra[1]) if extra else [])
    assert [one for one in inspect.signature(found).parameters if one != "self"] == told


def test_the_table_has_all_of_them():
    assert len(ROWS) == 17


def test_sounds_that_do_not_divide_lose_their_rest_as_in_audiolime(page, originals):
    sources = originals["sources"]  # 607 samples

    class Given(SourceSeparationBasedFactorization):
        def initialize_components(self):
            return list(sources), ["vocals", "drums"]

    time = TimeOnlyFactorization(sources.sum(axis=0), SR, page["without_rest"](607, 6))
    check(originals, "tail, time", explain(time, waves(607)))
    both = Given(sources.sum(axis=0), SR, page["without_rest"](607, 3))
    check(originals, "tail, both", explain(both, waves(607)[:606]))


def test_the_grids_own_segments_are_audiolimes_cut_of_the_bins(page, originals):
    spectrogram = originals["spectrogram"]
    segments = page["without_rest"](len(spectrogram), 6)
    assert segments["manual_segments"] == list(map(tuple, originals["own segments"]))
    with pytest.warns(UserWarning, match="holds none of the 31 frames"):
        grid = page["TimeFrequencyTorchFactorization"](spectrogram, SR, 4, segments)
    np.testing.assert_array_equal(np.stack(grid.components[:]), originals["own segments/composed"])


def test_bins_beyond_the_bands_are_off_as_in_audiolime(page, originals):
    grid = page["WithoutRest"](originals["spectrogram"], SR, 3, SAMPLES, HOP, "min")
    np.testing.assert_array_equal(grid.compose_model_input(range(9)), originals["odd bins/composed"])


def test_felzenszwalbs_regions_are_one_off_as_in_audiolime(page, originals):
    pytest.importorskip("skimage", reason="superpixels need scikit-image")
    params = {"scale": 1, "min_size": 15}
    image = page["LookedUpFromOne"](np.zeros(100), SR, originals["smooth"], "fsz", params, "min")
    np.testing.assert_array_equal(np.stack(image.components[:]), originals["fsz/composed"])
    check(originals, "fsz", explain(image, waves(originals["smooth"].size)))


def test_estimates_are_spleeters(page):
    with np.load(GOLDEN / "tiny2.npz") as golden, np.load(GOLDEN / "tiny4.npz") as stems:
        found = page["estimates"](golden["mono_waveform"][0], 44100, "spleeter:4stems", GOLDEN / "tiny4")
        for name, y in found.items():
            # both networks compute in float32, ours without TensorFlow: see tests/lemons/separation/spleeter
            np.testing.assert_allclose(y, stems[f"mono_{name}"].mean(axis=0), rtol=0, atol=1e-5)

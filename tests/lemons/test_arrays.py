"""Arrays in files; what a library keeps of its tracks in them is in test_library.py."""

import io

import numpy as np
import pytest

from lemons.arrays import kept_array, read_array
from lemons.audio import load_samples
from lemons.errors import DataError


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


SAMPLES = np.arange(-500, 500, dtype=np.int16)
WHOLE = saved(SAMPLES)
HEADER = WHOLE.index(b"\n") + 1


@pytest.mark.filterwarnings("ignore:Data type alias 'a' was deprecated")  # which '<i2' becomes by one bit
def test_every_bit_of_a_header_may_flip(tmp_path):
    path = tmp_path / "y.npy"
    refused = 0
    for place in range(HEADER):
        for bit in range(8):
            content = bytearray(WHOLE)
            content[place] ^= 1 << bit
            path.write_bytes(content)
            try:
                samples = load_samples(path)
            except DataError:
                refused += 1
            else:  # such as a blank that became a tab
                np.testing.assert_array_equal(samples, SAMPLES)
    assert refused > HEADER * 8 / 2  # most of it is blanks, of which most bits matter


@pytest.mark.parametrize(
    "shape", [b"(10**12,)", b"(1000000000000,)", b"(0x3e7,)", b"(-1000,)", b"(1001,)", b"(-10,-100)"]
)
@pytest.mark.parametrize("read", [read_array, load_samples])
def test_a_shape_that_lies_is_refused_before_memory_is_asked_for(tmp_path, shape, read):
    header = WHOLE[:HEADER].replace(b"(1000,), }" + b" " * (len(shape) - 7), shape + b", }")
    assert len(header) == HEADER
    assert shape in header
    (tmp_path / "y.npy").write_bytes(header + WHOLE[HEADER:])
    with pytest.raises(DataError, match=r"y\.npy"):
        read(tmp_path / "y.npy")


@pytest.mark.parametrize("length", [0, 3, 8, HEADER - 1, HEADER, len(WHOLE) - 2, len(WHOLE) - 1])
def test_a_cut_array_is_refused(tmp_path, length):
    (tmp_path / "y.npy").write_bytes(WHOLE[:length])
    with pytest.raises(DataError, match=r"y\.npy"):
        read_array(tmp_path / "y.npy")


@pytest.mark.parametrize("dtype", [">i2", "<f4", "?", "c8", "U3", "M8[s]", [("left", "<i2"), ("right", "<i2")]])
def test_an_array_of_numbers_or_texts_is_read_as_it_was_saved(tmp_path, dtype):
    array = np.zeros((2, 3), dtype)
    np.save(tmp_path / "y.npy", array)
    assert read_array(tmp_path / "y.npy").dtype == array.dtype
    assert read_array(tmp_path / "y.npy").shape == (2, 3)


def test_what_is_kept_is_not_made_twice_unless_it_is_about_something_else(tmp_path):
    made = []

    def make():
        made.append(len(made))
        return np.full((2, 2), len(made), np.float32)

    path = tmp_path / "folder" / "y.npy"
    first = kept_array(path, {"of": "a"}, make)
    np.testing.assert_array_equal(kept_array(path, {"of": "a"}, make), first)
    assert len(made) == 1
    assert kept_array(path, {"of": "b"}, make).max() == 2
    assert kept_array(path, {"of": "a"}, make).max() == 3

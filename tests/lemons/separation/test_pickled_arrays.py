"""Arrays come out of a pickle; whatever else is in it stays there, and nothing of it runs."""

import builtins
import os
import pickle

import numpy as np
import pytest

from lemons.errors import DataError
from lemons.separation.pickled_arrays import read_pickled_arrays


def pickled(value, protocol=2):
    """As NumPy 1 pickled; NumPy 2 has its parts elsewhere."""
    data = pickle.dumps(value, protocol=protocol).replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    short = b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray"  # with its length, as protocol 4 has it
    return data.replace(*short)


class Call:
    """Unpickled, it is the answer of a call."""

    def __init__(self, function, *arguments):
        self._call = function, arguments

    def __reduce__(self):
        return self._call


@pytest.fixture
def arrays(rng):
    """Enough of them that their numbers in the memo need more than a byte."""
    shapes = [(3,), (5, 5, 2, 1), *((i,) for i in range(1, 61))]
    made = {f"layer{i}.weight": rng.normal(size=shape).astype(np.float32) for i, shape in enumerate(shapes)}
    return made | {"by columns": np.asfortranarray(rng.normal(size=(2, 3)).astype(np.float32))}


@pytest.mark.parametrize("numpy_1", [True, False])
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_arrays_are_read_as_they_were_pickled(arrays, protocol, numpy_1):
    data = pickled(arrays, protocol) if numpy_1 else pickle.dumps(arrays, protocol=protocol)
    found = read_pickled_arrays(data, "w.ckpt")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (np.float32, array.shape)
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
@pytest.mark.parametrize(
    "call", [(os.mkdir, "harm"), (builtins.exec, "import os; os.mkdir('harm')"), (open, "harm", "w")]
)
@pytest.mark.parametrize("place", ["value", "name", "whole", "beside"])
def test_no_call_is_made(tmp_path, monkeypatch, arrays, call, place, protocol):
    monkeypatch.chdir(tmp_path)
    evil = Call(*call)
    holder = {
        "value": {"bias": evil, "gain": evil},
        "name": {evil: 1, "bias": 2},
        "whole": evil,
        "beside": arrays | {"bias": evil},
    }
    data = pickle.dumps(holder[place], protocol=protocol).replace(b"numpy._core", b"numpy.core")
    with pytest.raises(DataError, match=r"^w\.ckpt is not read: it "):
        read_pickled_arrays(data, "w.ckpt")
    assert not list(tmp_path.iterdir())
    pickle.loads(pickle.dumps(evil))  # this does it
    assert list(tmp_path.iterdir())


MARK, DICT, STOP = b"(", b"}", b"."
TEXT = b"X\x05\0\0\0Latin"
ENCODE = b"c_codecs\nencode\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "damaged"),
        (b"\x80\x02" + DICT, "damaged"),
        (b"\x80\x02.", "damaged"),
        (b"\x80\x02N.", "it holds no dictionary"),
        (b"PK\x03\x04", "damaged"),
        (b"\x80\x02Pharm\n.", "the instruction PERSID"),
        (b"\x80\x02(iposix\nsystem\n.", "the instruction INST"),
        (b"\x80\x02\x82\x01.", "the instruction EXT1"),
        (b"\x80\x02cposix\nsystem\n.", "it names 'posix system'"),
        # a text that reads like one of the names is still a text
        (b"\x80\x02X\x0e\0\0\0_codecs encode" + TEXT + b"X\x06\0\0\0latin1\x86R.", "with other arguments"),
        (b"\x80\x02" + ENCODE + TEXT + b"X\x05\0\0\0utf-7\x86R.", "with other arguments"),
        (b"\x80\x02" + ENCODE + TEXT + b"\x85R.", "with other arguments"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "it names 'posix system'"),
        (b"\x80\x04}\x8c\x07ndarray\x93.", "it names '{} ndarray'"),
        (b"\x80\x04\x93.", "damaged"),
        (b"\x80\x02cnumpy\nndarray\nK\x05\x85R.", "with other arguments"),
        (b"\x80\x02cnumpy\ndtype\nX\x01\0\0\0O\x89\x88\x87R.", "with other arguments"),
        (b"\x80\x02}(K\x01K\x02u.", "none of arrays by name"),
        (b"\x80\x02}(" + TEXT + b"K\x02u.", "something that is no array"),
        (b"\x80\x02}" + b"N" + b"b.", "no array"),
    ],
)
def test_what_is_no_dictionary_of_arrays_is_refused(data, reason):
    with pytest.raises(DataError, match=f"^w\\.ckpt is not read: .*{reason}"):
        read_pickled_arrays(data, "w.ckpt")


@pytest.mark.parametrize(
    "value",
    [
        np.ones(3),
        np.ones(3, ">f4"),
        np.ones(3, np.int32),
        np.array([None]),
        np.array(["text"]),
        np.ones((1, 1, 1, 1, 1), np.float32),
        np.ma.ones(3, np.float32),
    ],
)
def test_other_arrays_are_refused(value):
    with pytest.raises(DataError, match=r"^w\.ckpt is not read: it "):
        read_pickled_arrays(pickled({"bias": value, "kernel": value}), "w.ckpt")


def test_a_cut_pickle_is_refused_wherever_it_is_cut():
    data = pickled({"bias": np.arange(3, dtype=np.float32), "kernel": np.ones(2, np.float32)})
    assert len(read_pickled_arrays(data, "w.ckpt")) == 2
    for length in range(len(data)):
        with pytest.raises(DataError, match=r"^w\.ckpt is not read: it "):
            read_pickled_arrays(data[:length], "w.ckpt")


def test_a_small_pickle_does_not_become_large():
    text = b"X" + (10**6).to_bytes(4, "little") + b"a" * 10**6 + b"q\0"
    again = ENCODE + b"h\0X\x06\0\0\0latin1\x86R"
    with pytest.raises(DataError, match="unpacks to more than its own size"):
        read_pickled_arrays(b"\x80\x02" + text + 1000 * again + b".", "w.ckpt")
    doubled = b"\x80\x02K\x01" + 100 * b"q\0h\0\x86" + b"."  # a tuple of tuples, 2^100 numbers
    with pytest.raises(DataError, match="holds no dictionary"):
        read_pickled_arrays(doubled, "w.ckpt")
    with pytest.raises(DataError, match="with other arguments"):
        read_pickled_arrays(b"\x80\x02K\x01" + 100 * b"q\0h\0\x86" + ENCODE + b"h\0R.", "w.ckpt")

"""Files that LEMONS wrote itself, and what disks, hands and other programs make of them."""

import json
import os
import zipfile

import numpy as np
import pytest

from lemons.checksums import (
    arrays_checksum,
    json_checksum,
    quarantine,
    read_json,
    read_npz,
    read_own_json,
    read_whole,
    to_json,
    write_json,
    write_npz,
)
from lemons.errors import DamagedError, DataError

FIELDS = {"user": "Jörg", "scores": [0.1, -0.0, 1e-9, None, True], "of": {"10": 1, "9": {}}}


@pytest.fixture
def arrays(rng):
    return {"gains": rng.normal(size=6).astype(np.float32), "spans": np.array([[0, 1], [1, 2]]), "bias": np.array(0.5)}


def flips(path, step):
    """A file with every ``step``-th of its bits flipped in turn; afterwards as it was."""
    content = path.read_bytes()
    for place in range(0, 8 * len(content), step):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        yield
    path.write_bytes(content)


def test_json_comes_back_as_it_was(tmp_path):
    write_json(tmp_path / "new" / "a.json", FIELDS)
    found = read_own_json(tmp_path / "new" / "a.json")
    assert found == FIELDS
    assert str(found) == str(FIELDS)  # -0.0, None and True included, in the same order


def test_names_that_are_numbers_come_back_as_text(tmp_path):
    write_json(tmp_path / "a.json", {"of": {10: "a", 9: "b"}})
    assert read_own_json(tmp_path / "a.json") == {"of": {"10": "a", "9": "b"}}


def test_a_flipped_bit_of_json_is_noticed_or_without_effect(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, FIELDS)
    n_noticed = n_same = 0
    for _ in flips(path, 3):
        try:
            assert read_own_json(path) == FIELDS
            n_same += 1
        except DamagedError:
            n_noticed += 1
    assert n_same <= 3  # 1e-09 may become 1E-09
    assert n_noticed > 500


def test_a_flipped_bit_of_npz_is_noticed_or_without_effect(tmp_path, arrays):
    path = tmp_path / "a.npz"
    write_npz(path, arrays)
    n_noticed = 0
    for _ in flips(path, 19):
        try:
            found = read_npz(path)
        except DamagedError:
            n_noticed += 1
        else:  # dates, permissions and other words of the archive about its files
            assert arrays_checksum(found) == arrays_checksum(arrays)
            assert found.keys() == arrays.keys()
    assert n_noticed > 4 * path.stat().st_size / 19  # more than half of them


def test_arrays_come_back_as_they_were(tmp_path, arrays):
    write_npz(tmp_path / "a.npz", arrays)
    found = read_npz(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    for name in arrays:
        np.testing.assert_array_equal(found[name], arrays[name], strict=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a | {"bias": np.array(0.25)},
        lambda a: a | {"gains": a["gains"].astype(np.float64)},
        lambda a: a | {"gains": a["gains"].reshape(2, 3)},
        lambda a: {"gain": a["gains"], "spans": a["spans"], "bias": a["bias"]},
        lambda a: a | {"more": np.zeros(0)},
        lambda a: {name: a[name] for name in ("gains", "bias")},
    ],
)
def test_other_arrays_have_another_checksum(tmp_path, arrays, change):
    assert arrays_checksum(change(arrays)) != arrays_checksum(arrays)
    np.savez(tmp_path / "a.npz", **change(arrays), checksum=np.array(arrays_checksum(arrays)))
    with pytest.raises(DamagedError, match=r"a\.npz is damaged: its arrays do not fit their checksum"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"a": ' * 100_000,
        b'{"a": 1' + b"0" * 400 + b"}",
        b'{"a": 1' + b"0" * 5000 + b"}",
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1} {"a": 1}',
    ],
)
def test_what_is_no_json_object_is_one_sentence(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_bytes(text)
    for reader in (read_json, read_own_json):
        with pytest.raises(DamagedError, match=r"^[^\n]*a\.json [^\n]*$"):
            reader(path)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400"])
def test_numbers_that_are_none_are_of_other_programs(tmp_path, number):
    path = tmp_path / "a.json"
    path.write_text(f'{{"a": {number}, "checksum": "{json_checksum({"a": 1})}"}}')
    assert not np.isfinite(read_json(path)["a"])
    with pytest.raises(DamagedError, match=r"a\.json is damaged \(Out of range float"):
        read_own_json(path)
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", {"a": float(number)})
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_file_without_a_checksum_is_none_of_ours(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(FIELDS))
    np.savez(tmp_path / "a.npz", gains=np.ones(2))
    with pytest.raises(DamagedError, match="it has no checksum"):
        read_own_json(tmp_path / "a.json")
    with pytest.raises(DamagedError, match="damaged or no npz of LEMONS"):
        read_npz(tmp_path / "a.npz")
    assert read_json(tmp_path / "a.json") == FIELDS


def test_layout_and_order_do_not_matter(tmp_path):
    content = json.loads(to_json(FIELDS))
    text = json.dumps(dict(reversed(content.items())), indent=4).replace("\n", "\r\n")
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_own_json(tmp_path / "a.json") == FIELDS


@pytest.mark.parametrize("reader", [read_whole, read_json, read_own_json, read_npz])
def test_what_is_no_ordinary_file_is_never_waited_for(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zeros").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", "folder", "zeros", "loop", "nothing", "n\0l", "l" * 300):
        with pytest.raises(DataError, match=r"no ordinary file|cannot be read"):
            reader(tmp_path / name)


def test_a_file_too_large_is_not_read(tmp_path):
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(10**12)  # takes no room on the disk
    with pytest.raises(DataError, match=r"a\.json has more than 1000 bytes"):
        read_json(tmp_path / "a.json", max_bytes=1000)


def test_a_small_npz_that_unpacks_to_much_is_not_unpacked(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(10**6))
    with pytest.raises(DamagedError, match="it unpacks to 8000128 bytes"):
        read_npz(tmp_path / "a.npz", max_bytes=10**6)


def test_a_shape_that_lies_is_damage(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive, archive.open("a.npy", "w") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(DamagedError, match=r"a\.npz is damaged"):
        read_npz(tmp_path / "a.npz")


class Evil:
    """What unpickling must never run."""

    def __reduce__(self):
        return os.mkdir, ("made by a pickle",)


def test_no_pickle_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", a=np.array([Evil()]), checksum=np.array("0"))
    with pytest.raises(DamagedError, match="allow_pickle"):
        read_npz("a.npz")
    assert os.listdir() == ["a.npz"]


def test_a_damaged_file_is_put_aside(tmp_path):
    (tmp_path / "a.json").write_text("{")
    assert quarantine(tmp_path / "a.json") == tmp_path / "a.json.damaged"
    assert (tmp_path / "a.json.damaged").read_text() == "{"
    assert quarantine(tmp_path / "a.json") is None

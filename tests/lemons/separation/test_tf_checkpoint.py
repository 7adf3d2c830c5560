import shutil
from pathlib import Path

import google_crc32c
import numpy as np
import pytest

from lemons.errors import DataError
from lemons.separation.tf_checkpoint import read_checkpoint

TINY = Path(__file__).parents[2] / "golden" / "spleeter" / "tiny2"  # written by TensorFlow 2.12
DATA, INDEX = "model.data-00000-of-00001", "model.index"


@pytest.fixture
def folder(tmp_path):
    """A copy of a checkpoint, to be damaged."""
    return shutil.copytree(TINY, tmp_path / "tiny2")


def damage(path, place, *, by=1):
    data = bytearray(path.read_bytes())
    data[place] ^= by
    path.write_bytes(data)


# a writer of checkpoints, for what the one above is too small to have: several blocks, several shards


def varint(value):
    return bytes([value & 127 | 128]) + varint(value >> 7) if value > 127 else bytes([value])


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def masked(data):
    crc = google_crc32c.value(bytes(data))
    return ((crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF).to_bytes(4, "little")


def block(entries):
    data, last = b"", b""
    for key, value in entries:
        shared = next((i for i, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), min(len(key), len(last)))
        data += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return data + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")


def write(folder, variables, *, n_shards=1, per_block=7, types=None, compression=0):
    shards, entries = [b""] * n_shards, [(b"", field(1, n_shards))]
    for i, (name, values) in enumerate(sorted(variables.items())):
        data, shard = values.tobytes(), i % n_shards
        number = {"float32": 1, "float64": 2, "int64": 9}[values.dtype.name]
        entry = field(1, number) + field(2, b"".join(field(2, field(1, n)) for n in values.shape))
        entry += (
            field(3, shard) + field(4, len(shards[shard])) + field(5, len(data)) + varint(6 << 3 | 5) + masked(data)
        )
        entries.append((name.encode(), entry))
        shards[shard] += data
    table, handles = b"", []

    def add(content):
        nonlocal table
        handle = varint(len(table)) + varint(len(content))
        table += content + bytes([compression]) + masked(content + bytes([compression]))
        return handle

    for start in range(0, len(entries), per_block):
        part = entries[start : start + per_block]
        handles.append((part[-1][0], add(block(part))))
    footer = add(block([])) + add(block(handles))
    folder.mkdir()
    (folder / "checkpoint").write_text('model_checkpoint_path: "weights"\nall_model_checkpoint_paths: "weights"\n')
    (folder / "weights.index").write_bytes(table + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db"))
    for i, data in enumerate(shards):
        (folder / f"weights.data-{i:05}-of-{n_shards:05}").write_bytes(data)


def test_a_checkpoint_of_tensorflow_is_read():
    variables = read_checkpoint(TINY)
    assert len(variables) == 149
    assert variables["conv2d_7/kernel"].shape == (5, 5, 2, 3)
    assert variables["conv2d_7/kernel"].dtype == np.float32
    assert variables["global_step"] == 424242
    assert all(np.isfinite(values).all() for values in variables.values())


@pytest.mark.parametrize("n_shards", [1, 3])
def test_several_shards_and_blocks_are_one_checkpoint(tmp_path, rng, n_shards):
    variables = {
        f"layer_{i}/{part}": rng.standard_normal((i % 4, 3)) for i in range(200) for part in ("bias", "kernel")
    }
    variables |= {"step": np.array(7), "layer_1/gamma": rng.standard_normal(5).astype(np.float32)}
    write(tmp_path / "made", variables, n_shards=n_shards)
    found = read_checkpoint(tmp_path / "made")
    assert list(found) == sorted(variables)
    for name, values in variables.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype


def test_the_prefix_is_the_one_that_the_listing_names(folder):
    for path in list(folder.glob("model.*")):
        path.rename(path.with_name(path.name.replace("model", "step-9")))
    with pytest.raises(DataError, match=r"model\.index cannot be read"):
        read_checkpoint(folder)
    (folder / "checkpoint").write_text('model_checkpoint_path: "/a/folder/of/long/ago/step-9"\n')
    assert len(read_checkpoint(folder)) == 149


@pytest.mark.parametrize("name", ["checkpoint", INDEX, DATA])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"{name} cannot be read"):
        read_checkpoint(folder)


@pytest.mark.parametrize("place", [0, 4000, -1])
def test_one_wrong_bit_among_the_values_is_noticed(folder, place):
    damage(folder / DATA, place)
    with pytest.raises(DataError, match=rf"{DATA}: variable '.+' is damaged \(its checksum differs\)"):
        read_checkpoint(folder)


@pytest.mark.parametrize("kept", [0, 1000, 89839])
def test_values_that_are_cut_short_are_noticed(folder, kept):
    (folder / DATA).write_bytes((folder / DATA).read_bytes()[:kept])
    with pytest.raises(DataError, match=rf"{DATA}: variable '.+' is cut short"):
        read_checkpoint(folder)


def test_no_wrong_byte_in_the_index_goes_unnoticed(folder):
    whole = (folder / INDEX).read_bytes()
    # the last block is the list of blocks, of 20 bytes or so, with an empty one before it that nobody reads
    for place in range(0, len(whole) - 80, 37):
        damage(folder / INDEX, place, by=0x55)
        with pytest.raises(DataError, match=r"model\.index is (damaged|compressed)"):
            read_checkpoint(folder)
        (folder / INDEX).write_bytes(whole)


@pytest.mark.parametrize("kept", [0, 47, 3000, 4934])
def test_an_index_that_is_cut_short_is_noticed(folder, kept):
    (folder / INDEX).write_bytes((folder / INDEX).read_bytes()[:kept])
    with pytest.raises(DataError, match=r"model\.index is cut short or not the index of a TensorFlow checkpoint"):
        read_checkpoint(folder)


def test_foreign_files_are_refused(folder, rng):
    (folder / INDEX).write_bytes(rng.bytes(5000))
    with pytest.raises(DataError, match="not the index of a TensorFlow checkpoint"):
        read_checkpoint(folder)
    (folder / "checkpoint").write_bytes(rng.bytes(500))
    with pytest.raises(DataError, match="names no model_checkpoint_path"):
        read_checkpoint(folder)


def test_a_compressed_index_is_refused(tmp_path):
    write(tmp_path / "made", {"step": np.array(7)}, compression=1)
    with pytest.raises(DataError, match="is compressed"):
        read_checkpoint(tmp_path / "made")

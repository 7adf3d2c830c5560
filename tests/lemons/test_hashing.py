"""Fingerprints: equal for what sounds or reads the same, and different for what does not."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from lemons.hashing import fingerprint, hash_file, hash_text, hash_waveforms

STEMS = {"vocals": np.arange(4, dtype=np.float32), "drums": np.ones(4, np.float32)}


@pytest.mark.parametrize(
    "other",
    [
        dict(reversed(STEMS.items())),
        {"vocals": STEMS["drums"], "drums": STEMS["vocals"]},
        STEMS | {"vocals": STEMS["vocals"] + np.float32(1e-6)},
        STEMS | {"vocals": STEMS["vocals"][:-1]},
        {"vocals": STEMS["vocals"]},
    ],
    ids=["order", "names", "a sample", "length", "number"],
)
def test_other_stems_have_another_hash(other):
    assert hash_waveforms(other) != hash_waveforms(STEMS)


def test_how_samples_lie_in_memory_and_their_precision_do_not_matter():
    assert hash_waveforms({name: y.astype(float) for name, y in STEMS.items()}) == hash_waveforms(STEMS)
    both = np.stack([*STEMS.values()], axis=1)  # a column of it is not contiguous
    assert hash_waveforms(dict(zip(STEMS, both.T, strict=True))) == hash_waveforms(STEMS)


def test_where_one_waveform_ends_and_the_next_begins_is_part_of_the_hash():
    name = np.frombuffer(b"aaa:", np.float32)  # a sample whose bytes look like the beginning of another waveform
    one, other = np.zeros(1, np.float32), np.ones(1, np.float32)
    assert hash_waveforms({"a": np.concatenate([one, name, other])}) != hash_waveforms({"a": one, "aaa": other})


def test_a_file_and_a_text_have_the_sha_256_of_their_bytes(tmp_path):
    (tmp_path / "song.txt").write_text("Zoë", encoding="utf-8")
    assert hash_file(tmp_path / "song.txt") == hash_text("Zoë") == hashlib.sha256("Zoë".encode()).hexdigest()


def test_a_table_is_its_rows_in_their_order():
    table = pd.DataFrame({"track_id": ["007", "8"], "playcount": [1, 2]})
    assert len(fingerprint(table)) == 16
    assert fingerprint(table.set_index(pd.Index([5, 9]))) == fingerprint(table)  # an index is no content
    assert fingerprint(table[::-1]) != fingerprint(table)
    assert fingerprint(table.assign(track_id=["7", "8"])) != fingerprint(table)

"""The what_if of a track: what every mix of its components would be answered, without the model."""

import itertools
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lemons.errors import DamagedError, DataError
from lemons.exact import score_table
from lemons.explaining.what_if import load_what_if, make_what_if
from recsys.model import FCN


@pytest.fixture
def table(rng):
    """Two stems in three segments, one of them silent in one; the recommender with fresh weights."""
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(3)
        model = FCN().eval()
    stems = rng.uniform(-0.3, 0.3, (2, 48000)).astype(np.float32)
    stems[1, 16000:32000] = 0
    return score_table(model, stems, 3)


MASKS = np.array(list(itertools.product([0, 1], repeat=6)))


def test_it_answers_as_the_table_does_for_every_mix(table):
    what_if = make_what_if(table)
    # float32 sums of a few numbers below 10, in another order
    np.testing.assert_allclose(what_if.logits(MASKS), table.logits(MASKS), atol=1e-5)
    silent = 3  # the second stem in the second segment: switching it changes nothing
    np.testing.assert_array_equal(what_if.logits(MASKS), what_if.logits(np.where(np.arange(6) == silent, 0, MASKS)))


@pytest.mark.parametrize("pools", [("mean",), ("max",), ("max", "mean")])
def test_either_pooling_alone_or_both_in_any_order_will_do(table, pools):
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(5)
        head = nn.Linear(64 * len(pools), 1, bias=False)
    object.__setattr__(table.pooled, "pools", pools)
    object.__setattr__(table.pooled, "head", head)
    np.testing.assert_allclose(make_what_if(table).logits(MASKS), table.logits(MASKS), atol=1e-5)


def test_a_reader_of_its_bytes_finds_every_number(table):
    """As explanations/player reads them in a browser: a state is the bits of the components that sound."""
    what_if = make_what_if(table)
    numbers, layout = np.frombuffer(what_if.to_bytes(), "<f4").tolist(), what_if.layout
    n_channels = layout["n_channels"]
    logit, largest = numbers[0], [-np.inf] * n_channels
    gains, place = numbers[1 : 1 + n_channels], 1 + n_channels
    mask = np.array([[1, 0], [1, 1], [0, 1]])
    for first, last in layout["groups"]:
        state = n_states = 0
        for segment, stem in itertools.product(range(first, last + 1), range(2)):
            if layout["sounding"][segment][stem]:
                state, n_states = 2 * state + mask[segment, stem], n_states + 1
        logit += numbers[place + state]
        place += 2**n_states
        largest = np.maximum(largest, numbers[place + state * n_channels : place + (state + 1) * n_channels])
        place += 2**n_states * n_channels
    assert place == len(numbers)
    assert logit + np.dot(gains, largest) == pytest.approx(table.logits(mask.reshape(1, -1))[0], abs=1e-5)


def test_what_was_saved_is_read_again(table, tmp_path):
    what_if = make_what_if(table)
    what_if.save(tmp_path / "what_if.npz")
    np.testing.assert_array_equal(load_what_if(tmp_path / "what_if.npz").logits(MASKS), what_if.logits(MASKS))


def test_a_damaged_file_is_one_sentence(table, tmp_path):
    path = tmp_path / "what_if.npz"
    with pytest.raises(DataError, match="no such file"):
        load_what_if(path)
    make_what_if(table).save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"holds no answers to mixes.*compute it again"):
        load_what_if(path)


def test_a_flipped_bit_is_noticed_wherever_it_is(table, tmp_path):
    path = tmp_path / "what_if.npz"
    make_what_if(table).save(path)
    content, numbers = path.read_bytes(), load_what_if(path).checksum
    for place in range(0, len(content), max(len(content) // 300, 1)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with suppress(DataError):  # else it is in what no reader looks at, such as the archive's dates
            assert load_what_if(path).checksum == numbers


@pytest.mark.parametrize(
    "change",
    [
        {"maxima": np.zeros((1, 1), np.float32)},
        {"sounding": np.ones(6, bool)},
        {"spans": np.array([[0, 7]])},
        {"shares": np.zeros(3, np.float32)},
        {"spans": np.array([[1, 0]])},
    ],
)
def test_arrays_that_do_not_fit_each_other_are_no_what_if(table, tmp_path, change):
    replace(make_what_if(table), **change).save(tmp_path / "what_if.npz")
    with pytest.raises(DamagedError, match=r"what_if\.npz holds no answers to mixes"):
        load_what_if(tmp_path / "what_if.npz")


def test_what_is_no_sum_or_too_large_has_no_what_if(table, monkeypatch):
    monkeypatch.setattr("lemons.explaining.what_if.MAX_VALUES", 100)
    assert make_what_if(table) is None
    monkeypatch.undo()
    object.__setattr__(table.pooled, "head", nn.Sequential(nn.Linear(128, 1)))
    assert make_what_if(table) is None


class Trap:
    """Leaves a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", ["sounding", "bias"])
def test_nothing_that_a_file_says_is_run(table, tmp_path, name):
    fields = vars(make_what_if(table)) | {name: np.array([Trap(tmp_path / "ran")], dtype=object)}
    np.savez(tmp_path / "what_if.npz", **fields)
    with pytest.raises(DataError):
        load_what_if(tmp_path / "what_if.npz")
    assert not (tmp_path / "ran").exists()

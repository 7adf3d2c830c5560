import pytest
import torch

from lemons.errors import DamagedError, DataError
from recsys.tensors import find_state_dict, is_state_dict, read_tensors, write_tensors


def test_tensors_and_plain_values_come_back(tmp_path):
    content = {"weights": torch.arange(6.0).reshape(2, 3), "epoch": 3, "names": ["marko", None]}
    write_tensors(tmp_path / "state.pt", content)
    found = read_tensors(tmp_path / "state.pt")
    assert torch.equal(found.pop("weights"), content.pop("weights"))
    assert found == content


def test_every_flipped_bit_of_a_weight_is_noticed(tmp_path):
    """A float32 has no value that cannot be a weight: only the CRC of the archive's part shows the change."""
    path, weights = tmp_path / "state.pt", torch.full((8,), 1234.5)
    write_tensors(path, {"weights": weights})
    content = path.read_bytes()
    first = content.index(weights.numpy().tobytes())
    for bit in range(8 * weights.numel() * weights.element_size()):
        changed = bytearray(content)
        changed[first + bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(DamagedError, match=r"state\.pt is damaged, or holds something else than tensors"):
            read_tensors(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "gone.pt", tmp_path):
        with pytest.raises(DataError, match=str(path.name)):
            read_tensors(path)


def test_a_prefix_is_removed_from_all_names_or_from_none():
    weight = torch.zeros(1)
    assert find_state_dict({"module.a": weight, "module.b": weight}) == {"a": weight, "b": weight}
    assert find_state_dict({"module.a": weight, "b": weight}) == {"module.a": weight, "b": weight}


@pytest.mark.parametrize("content", [None, 3, [torch.zeros(1)], {"a": 3}, {3: torch.zeros(1)}])
def test_what_is_no_state_dict(content):
    assert not is_state_dict(content)


def test_tensors_by_name_are_a_state_dict():
    assert is_state_dict({"fc.bias": torch.zeros(1)})

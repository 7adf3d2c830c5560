import errno
import os

import pytest
import torch

from lemons.errors import DataError
from lemons.hashing import model_hash
from recsys import checkpoints
from recsys.checkpoints import load_checkpoint, save_checkpoint
from recsys.model import FCN


def test_a_saved_model_comes_back_with_its_description(tmp_path):
    model = FCN()
    save_checkpoint(tmp_path / "new" / "best_model.pt", model, {"user": "marko", "epoch": 3, "scores": {"auc": 0.9}})
    loaded, meta = load_checkpoint(tmp_path / "new" / "best_model.pt")
    assert not loaded.training
    assert model_hash(loaded) == model_hash(model)
    assert meta["user"] == "marko"
    assert meta["scores"] == {"auc": 0.9}
    assert set(meta["versions"]) == {"lemons", "python", "torch"}


def test_another_weight_is_another_hash():
    model = FCN()
    before = model_hash(model)
    with torch.no_grad():
        model.fc.bias += 1e-6
    assert model_hash(model) != before


def test_only_plain_values_are_saved(tmp_path):
    with pytest.raises(TypeError):
        save_checkpoint(tmp_path / "best_model.pt", FCN(), {"model": FCN()})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_the_older_model(tmp_path, monkeypatch):
    save_checkpoint(tmp_path / "best_model.pt", FCN(), {"epoch": 1})

    def full(_content, path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoints.torch, "save", full)
    with pytest.raises(DataError, match=r"cannot write .*best_model\.pt: No space left on device"):
        save_checkpoint(tmp_path / "best_model.pt", FCN(), {"epoch": 2})
    assert load_checkpoint(tmp_path / "best_model.pt")[1]["epoch"] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["best_model.pt"]


class Evil:
    """What unpickling must never run."""

    def __reduce__(self):
        return os.system, ("false",)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read as a model"),
        (b"these are not weights", "cannot be read as a model"),
        (Evil(), "cannot be read as a model"),
        ({"state_dict": 3}, "holds no state dict"),
        ([1, 2], "holds no state dict"),
        ({"format": "LEMONS FCN 9", "state_dict": {}}, "has format 'LEMONS FCN 9'"),
        ({"format": "LEMONS FCN 1"}, "holds no state dict"),
        ({"fc.weight": torch.zeros(2, 2)}, "holds another network"),
        (FCN().state_dict() | {"layer6.conv.weight": torch.zeros(1)}, "holds another network"),
    ],
)
def test_files_that_are_no_models_are_told_apart(tmp_path, content, sentence):
    path = tmp_path / "best_model.pt"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(DataError, match=f"best_model.pt {sentence}") as caught:
        load_checkpoint(path)
    assert "weights_only" not in str(caught.value)  # as PyTorch would advise
    assert "trust" not in str(caught.value)


@pytest.mark.parametrize(
    ("prefix", "wrappers"),
    [
        ("module.", []),
        ("_orig_mod.", ["state_dict"]),
        ("module._orig_mod.", ["model"]),
        ("_orig_mod.module.", ["model_state_dict"]),
        ("module.module.", ["net"]),
        ("model.", ["model", "state_dict"]),
        ("", ["state_dict"]),
    ],
)
def test_what_other_training_loops_save_is_the_same_model(tmp_path, prefix, wrappers):
    model = FCN()
    content = {f"{prefix}{name}": tensor for name, tensor in model.state_dict().items()}
    for wrapper in wrappers:
        content = {"epoch": 3, "optimizer": {"state": {}}, wrapper: content}
    torch.save(content, tmp_path / "model.pt")
    assert model_hash(load_checkpoint(tmp_path / "model.pt")[0]) == model_hash(model)


def test_a_prefix_of_some_names_only_is_another_network(tmp_path):
    state = FCN().state_dict()
    torch.save({"module.fc.bias": state.pop("fc.bias")} | state, tmp_path / "model.pt")
    with pytest.raises(DataError, match=r"holds another network .*module\.fc\.bias"):
        load_checkpoint(tmp_path / "model.pt")


def test_a_truncated_model_is_damaged(tmp_path):
    path = tmp_path / "best_model.pt"
    save_checkpoint(path, FCN(), {})
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(DataError, match=r"best_model\.pt cannot be read as a model"):
        load_checkpoint(path)


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no such model: .*gone\.pt"):
        load_checkpoint(tmp_path / "gone.pt")

import errno
import json
import os

import pytest
import torch

from lemons.errors import DataError
from lemons.hashing import fingerprint
from lemons.library import open_library
from recsys import checkpoints
from recsys.checkpoints import (
    best_checkpoint,
    finish_run,
    finished_runs,
    load_checkpoint,
    model_hash,
    new_run,
    save_checkpoint,
)
from recsys.data.splits import draw_split, load_or_draw_split
from recsys.model import FCN


def make_run(experiments, score, *, user="marko", library="other", finished=True):
    run = new_run(experiments, user)
    save_checkpoint(run / "best_model.pt", FCN(), {"user": user})
    if finished:
        finish_run(run, {"user": user, "library": library, "best": {"score": score}})
    return run


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


def test_the_best_of_a_listeners_finished_runs_is_chosen(tmp_path):
    make_run(tmp_path, 0.7)
    best = make_run(tmp_path, 0.9)
    make_run(tmp_path, 0.8)
    make_run(tmp_path, 0.95, user="nina")
    make_run(tmp_path, 0.99, finished=False)
    assert best_checkpoint(tmp_path, "marko") == best / "best_model.pt"


def test_of_equal_runs_the_newest_is_chosen(tmp_path):
    _, newest = make_run(tmp_path, 0.9), make_run(tmp_path, 0.9)
    assert best_checkpoint(tmp_path, "marko").parent == newest


def test_of_equal_scores_the_lower_loss_is_chosen(tmp_path):
    runs = {loss: make_run(tmp_path, 1.0) for loss in (94.0, 0.64, 1e16)}  # the newest learned with lr=1e6
    for loss, run in runs.items():
        finish_run(run, {"user": "marko", "library": "other", "best": {"score": 1.0, "loss": loss}})
    assert best_checkpoint(tmp_path, "marko").parent == runs[0.64]


def test_models_of_another_library_do_not_count(tmp_path, toy_library):
    library = open_library(toy_library)
    make_run(tmp_path, 0.99)
    ours = make_run(tmp_path, 0.6, library=library.fingerprint)
    assert best_checkpoint(tmp_path, "marko", library=library).parent == ours
    with pytest.raises(DataError, match=r"no model of nina trained on .*toy .* user_name=nina`"):
        best_checkpoint(tmp_path, "nina", library=library)


def test_models_of_another_split_do_not_count(tmp_path, toy_library):
    library = open_library(toy_library)
    ours, other = (
        load_or_draw_split(library, "marko"),
        draw_split(library.played("marko"), library.tracks.index, seed=3),
    )
    other = other.drop(columns="seed")
    record = {"user": "marko", "library": library.fingerprint}
    for score, split in ((0.6, ours), (0.99, other)):
        finish_run(make_run(tmp_path, score), record | {"split": fingerprint(split), "best": {"score": score}})
    assert load(tmp_path, library)["split"] == fingerprint(ours)
    (tmp_path / "other").mkdir()
    other.to_csv(tmp_path / "other" / "marko.csv", index=False)
    assert load(tmp_path, library, splits_path=tmp_path / "other")["split"] == fingerprint(other)
    other.to_csv(library.path / "splits" / "marko.csv", index=False)  # and the library's is replaced
    assert load(tmp_path, library)["split"] == fingerprint(other)
    draw_split(library.played("marko"), library.tracks.index, seed=4).to_csv(library.path / "splits" / "marko.csv")
    with pytest.raises(
        DataError, match=r"no model of marko trained on .*toy and the split in .*splits in .* train one"
    ):
        best_checkpoint(tmp_path, "marko", library=library)


def load(experiments, library, **where):
    run = best_checkpoint(experiments, "marko", library=library, **where).parent
    return json.loads((run / "training.json").read_text())


@pytest.mark.parametrize(("meta_path", "counts"), [("", True), ("elsewhere", False)])
def test_a_run_that_recorded_no_split_is_of_the_librarys_own(tmp_path, toy_library, meta_path, counts):
    library = open_library(toy_library)
    record = {"user": "marko", "library": library.fingerprint, "config": {"meta_path": meta_path}}
    finish_run(make_run(tmp_path, 0.9), record | {"best": {"score": 0.9}})
    assert len(finished_runs(tmp_path, "marko", library=library, split=load_or_draw_split(library, "marko"))) == counts


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"user": "marko", "library": "x"})])
def test_foreign_records_are_passed_over(tmp_path, text):
    (make_run(tmp_path, 0.9) / "training.json").write_text(text)
    with pytest.raises(DataError, match=r"no model of marko .* `python recsys/experiment\.py with user_name=marko`"):
        best_checkpoint(tmp_path, "marko")


def test_two_runs_of_one_second_have_their_own_folders(tmp_path):
    assert len({make_run(tmp_path, 0.5) for _ in range(3)}) == 3


def test_a_run_that_saves_nothing_leaves_nothing(tmp_path):
    new_run(tmp_path, "marko")
    assert list(tmp_path.iterdir()) == []

"""Runs that are killed, and gone on with."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lemons.config import Config
from lemons.hashing import model_hash
from lemons.library import open_library
from recsys import experiment as training_driver
from recsys import model as network
from recsys.all_listeners import train_all
from recsys.checkpoints import load_checkpoint, save_checkpoint
from recsys.data.splits import draw_split
from recsys.model import FCN
from recsys.training.resume import open_run
from recsys.training.trainer import Diverged

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("slim")
CONFIG = {"n_epochs": 4, "lr": 0.01}

# trains, and kills itself: as the n-th batch is asked for, before the n-th state is written, or when half of it is
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from recsys import checkpoints, experiment, model
from recsys.data import crops
from recsys.training import resume

where, n = sys.argv[1], int(sys.argv[2])
updates, model.CHANNELS, model.N_FEATURES = json.loads(sys.argv[3])
calls = 0

def count():
    global calls
    calls += 1
    return calls == n

def die():
    os.kill(os.getpid(), signal.SIGKILL)

batches, save, write = crops.Crops.batches, resume.Run.save, checkpoints.torch.save

def deadly_batches(self, epoch):
    for batch in batches(self, epoch):
        if count():
            die()
        yield batch

def deadly_save(self, state):
    if count():
        die()
    save(self, state)

def deadly_write(content, path):
    write(content, path)
    if "last" in path.name and count():
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        die()

if where == "batch":
    crops.Crops.batches = deadly_batches
elif where == "before":
    resume.Run.save = deadly_save
else:
    checkpoints.torch.save = deadly_write
experiment.ex.run(config_updates=updates)
"""


@pytest.fixture
def library(toy_library):
    return open_library(toy_library)


@pytest.fixture
def open_marko(tmp_path, library):
    def open_(user="marko", seed=1, **config):
        split = draw_split(library.played("marko"), library.tracks.index, seed=seed)
        return open_run(tmp_path / "runs", user, library=library, split=split, config=CONFIG | config)

    return open_


def interrupt(run, state):
    """A run that has saved a state and then ends without being finished."""
    with pytest.raises(KeyboardInterrupt), run as opened:
        opened.save(state)
        raise KeyboardInterrupt
    return opened.folder


@pytest.mark.parametrize("where", ["batch", "before", "half"])
def test_a_killed_training_ends_with_the_weights_of_one_never_killed(toy_library, tmp_path, rng, where):
    paths = {"data_path": str(toy_library), "experiments_path": str(tmp_path / "runs")}
    updates = {"n_epochs": 4, "batch_size": 20, "input_length": 8000, "val_step": 2, "schedule": "onecycle"}
    config = Config(library_path=toy_library, experiments_path=tmp_path / "runs")
    whole = train_all(Config(library_path=toy_library, experiments_path=tmp_path / "whole"), ["nina"], updates=updates)

    n = int(rng.integers(1, 9) if where == "batch" else rng.integers(3, 6))  # 4 epochs of 2 batches; 5 states
    settings = json.dumps([updates | paths | {"user_name": "nina"}, network.CHANNELS, network.N_FEATURES])
    command = [sys.executable, "-c", PROGRAM, where, str(n), settings]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not list(tmp_path.glob("runs/*/training.json"))

    resumed = train_all(config, ["nina"], updates=updates)
    assert model_hash(load_checkpoint(resumed["nina"])[0]) == model_hash(load_checkpoint(whole["nina"])[0])
    after, without = (json.loads(one["nina"].with_name("training.json").read_text()) for one in (resumed, whole))
    assert after["history"] == without["history"]
    epoch = (n - 1) // 2 if where == "batch" else n - 2
    assert after["resumed"] == [epoch]
    assert [run.name.split("_")[-1] for run in tmp_path.glob("runs/2*")] == ["nina"]  # one run, not two
    assert {file.name for file in resumed["nina"].parent.iterdir()} == {"best_model.pt", "training.json"}
    (record,) = tmp_path.glob("runs/sacred/*/info.json")
    assert json.loads(record.read_text())["resumed"] == {"run": str(resumed["nina"].parent), "epoch": epoch}
    training_driver.ex.observers.clear()


def test_a_training_that_comes_to_nothing_says_so_and_leaves_nothing(toy_library, tmp_path):
    paths = {"data_path": str(toy_library), "experiments_path": str(tmp_path / "runs")}
    model = FCN()
    torch.nn.init.constant_(model.fc.bias, 3e38)  # the sum over a batch is more than float32 holds
    save_checkpoint(tmp_path / "diverged.pt", model, {})
    updates = {"n_epochs": 1, "input_length": 8000, "model_load_path": str(tmp_path / "diverged.pt")}
    with pytest.raises(Diverged, match=r"the loss became (nan|inf) in epoch 1; lower the learning rate lr=0\.001"):
        training_driver.ex.run(config_updates=updates | paths | {"user_name": "nina"})
    assert not list((tmp_path / "runs").iterdir())


def test_the_newest_interrupted_run_is_gone_on_with(open_marko):
    first = interrupt(open_marko(), {"epoch": 1})
    with open_marko() as taken:  # while the first is held, a second is begun
        second = interrupt(open_marko(), {"epoch": 2})
        assert taken.folder == first != second
    with open_marko() as run:
        assert (run.folder, run.state) == (second, {"epoch": 2})


@pytest.mark.parametrize(
    "other",
    [{"user": "nina"}, {"seed": 2}, {"lr": 0.1}, {"patience": 3}, {"freeze": True}, {"model_load_path": "nina.pt"}],
)
def test_another_training_is_another_run(open_marko, other):
    folder = interrupt(open_marko(), {"epoch": 1})
    with open_marko(**other) as run:
        assert run.state is None
        assert run.folder != folder


def test_where_and_how_fast_it_is_trained_does_not_matter(open_marko):
    folder = interrupt(open_marko(), {"epoch": 1})
    with open_marko(num_workers=3, device="cpu", use_tensorboard=True, patience=0) as run:
        assert run.folder == folder


def test_another_library_is_another_training(open_marko, library):
    interrupt(open_marko(), {"epoch": 1})
    library.fingerprint = "of other songs"
    with open_marko() as run:
        assert run.state is None


def test_a_state_that_cannot_be_read_is_told_and_passed_over(open_marko, caplog):
    folder = interrupt(open_marko(), {"epoch": 1})
    (folder / "last.pt").write_bytes(b"half")
    with open_marko() as run:
        assert run.state is None
    assert f"{folder / 'last.pt'} is damaged and was renamed to last.damaged" in caplog.text
    caplog.clear()
    with open_marko("nina"):
        pass
    assert caplog.text == ""  # once is enough
    assert (folder / "last.damaged").read_bytes() == b"half"


def test_a_finished_run_is_not_gone_on_with(open_marko):
    with open_marko() as run:
        run.save({"epoch": 1, "weights": torch.ones(2)})
        assert {file.name for file in run.folder.iterdir()} == {"last.pt", "lock"}
        run.finish({"user": "marko"})
    assert [file.name for file in run.folder.iterdir()] == ["training.json"]
    with open_marko() as another:
        assert another.folder != run.folder


def test_a_run_that_fails_before_it_begins_leaves_nothing(open_marko, tmp_path):
    with pytest.raises(RuntimeError), open_marko():
        raise RuntimeError
    assert list((tmp_path / "runs").iterdir()) == []

"""How fast a listener's model is trained, and whether it becomes as good: the plain loop and ours, side by side.

    python bench/training.py

The plain loop is what one writes first: open the file of each snippet's track, cut the snippet, batch them, float32,
layers in the published order, Adam, ``loss.item()``. Both learn by the same model class from the same tracks, on the
GPU where there is one. Speed is that of the best of several stretches of batches of 20, taken in turn, so that a
passing disturbance meets all ways; of seven models at once, it is that of all of them together. Quality is the ROC-AUC
after the demo's schedule, last epoch, on validation and test tracks together; a second seed tells how far chance alone
moves it.
"""

import argparse
import math
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path

if __name__ == "__main__":  # before torch is imported
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

import numpy as np
import torch
import torch.nn.functional as F
from report import machine, table, write_section

from lemons.audio import to_float
from lemons.library import open_library
from recsys.data.crops import Crops, TrackSet, load_tracks
from recsys.data.splits import load_or_draw_split
from recsys.metrics import roc_auc
from recsys.model import FCN, check_device
from recsys.relevance import track_logits
from recsys.training.joint import joint_losses
from recsys.training.malloc import kept_memory
from recsys.training.step import SCHEDULES, TrainStep, has_bf16

ROOT = Path(__file__).resolve().parents[1]
INPUT_LENGTH = 16000  # samples in a snippet
DEMO = {"batch_size": 8, "n_epochs": 20}
LR, WD = 1e-3, 1e-4
SEVEN = 7  # listeners of LEMONS
N_BATCHES = SEVEN  # in a stretch
RUNNING = []  # in the process of one way: its losses, without end
LASTING = ExitStack()  # and what holds for as long as it lives


class PlainLoop:
    """Learn as one writes it first."""

    def __init__(self, model, *, n_steps):
        self.model = model.to(memory_format=torch.contiguous_format)
        self._optimizer = torch.optim.Adam(model.parameters(), LR, weight_decay=WD)
        self._rate = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: SCHEDULES["onecycle"]((step + 1) / n_steps)
        )

    def losses(self, batches):
        """The loss of each batch."""
        model = self.model.train()
        device = model.fc.weight.device
        for y, labels in batches:
            y, labels = y.to(device), labels.to(device)
            x = model.spec_bn(model.spec(y).unsqueeze(1))
            for layer in model.layers:
                x = F.max_pool2d(F.relu(layer.bn(layer.conv(x))), 2)
            loss = F.binary_cross_entropy_with_logits(model.head(model.pool(x)), labels)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            self._rate.step()
            yield loss.item()


class Files(Crops):
    """Crops of tracks that are opened again for every snippet, as `tracks.audio` names them."""

    def batches(self, epoch):
        """Waveforms and labels of one epoch."""
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(len(self.tracks.audio))
        for first in range(0, len(order), self.batch_size):
            crops, labels = [], []
            for i in order[first : first + self.batch_size]:
                y = np.load(self.tracks.audio[i])
                start = rng.integers(0, len(y) - self.input_length, endpoint=True)
                crops.append(torch.from_numpy(to_float(y[start : start + self.input_length])))
                labels.append(torch.from_numpy(self.tracks.labels[i : i + 1]))
            yield torch.stack(crops), torch.stack(labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--listeners", nargs="+", default=["johnny", "nina"], help="whose models are trained in full")
    parser.add_argument("--device", default="cuda:0" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--rounds", type=int, default=8, help="stretches of 7 batches for each way")
    parser.add_argument("--dry", action="store_true", help="print only")
    args = parser.parse_args()
    check_device(args.device)
    device = torch.device(args.device)
    with tempfile.TemporaryDirectory() as folder:
        text = report(open_library(args.library), args.listeners, rounds=args.rounds, device=device, folder=folder)
    print(text)
    if not args.dry:
        write_section("Training a model (bench/training.py)", text)


def report(library, listeners, *, rounds, device, folder):
    """The section of results.md."""

    def load(user, part):
        return load_tracks(library, load_or_draw_split(library, user), part, min_samples=INPUT_LENGTH)

    on = torch.cuda.get_device_name(device) if device.type == "cuda" else "the processor"
    head = f"{machine()}. Trained on {on}."
    fast = speed(load(listeners[0], "train"), rounds=rounds, device=device, folder=folder)
    rows = []
    for user in listeners:
        train, *held_out = (load(user, part) for part in ("train", "val", "test"))
        where = {"device": device, "folder": folder}
        aucs = [quality(train, held_out, **where, **way) for way in ({"plain": True}, {}, {"seed": 1})]
        rows.append([user, str(sum(len(part.audio) for part in held_out)), *(f"{auc:.3f}" for auc in aucs)])
    means = [f"{np.mean([float(row[i]) for row in rows]):.3f}" for i in (2, 3, 4)]
    good = table(
        ["listener", "held-out tracks", "ROC-AUC, plain loop", "ours", "ours, other seed"],
        [*rows, ["mean", "", *means]],
    )
    return f"{head}\n\n{fast}\n\n{good}"


def speed(tracks, *, rounds, device, folder):
    """Snippets per second in batches of 20, validation not counted.

    Each way has a process of its own, and they take turns: what one way leaves behind in the memory of its process
    would be of use to the next one.
    """
    files = files_of(tracks, folder)
    ways = {"the plain loop, float32": (begin_plain, files)}
    for precision in ["float32", *(["bfloat16"] if has_bf16(device) else [])]:
        ways[f"ours, {precision}"] = (begin_ours, tracks, precision, 1)
        ways[f"ours, {precision}, {SEVEN} models at once"] = (begin_ours, tracks, precision, SEVEN)
    best = dict.fromkeys(ways, math.inf)
    with ExitStack() as stack:
        spawn = multiprocessing.get_context("spawn")
        workers = {
            name: stack.enter_context(ProcessPoolExecutor(1, spawn, initializer=begin, initargs=(device, *way)))
            for name, way in ways.items()
        }
        for _ in range(rounds):
            for name, worker in workers.items():
                best[name] = min(best[name], worker.submit(stretch, device).result())
    slowest = best["the plain loop, float32"]
    rows = [[name, f"{20 * N_BATCHES / s:.1f}", f"{slowest / s:.2f}"] for name, s in best.items()]
    return table(["way", "snippets/s", "times faster"], rows)


def begin(device, begin_way, *arguments):
    """Make ready in a process of its own."""
    RUNNING.append(begin_way(device, *arguments))


def begin_plain(device, files):
    return PlainLoop(FCN().to(device), n_steps=10**6).losses(crops(files, kind=Files))


def begin_ours(device, tracks, precision, n_models):
    LASTING.enter_context(kept_memory())
    steps = [TrainStep(FCN().to(device), n_steps=10**6, precision=precision) for _ in range(n_models)]
    if n_models == 1:
        return steps[0].losses(crops(tracks))
    return (loss for _, loss, _ in joint_losses(steps, [crops(tracks, seed=seed) for seed in range(n_models)]))


def crops(tracks, *, kind=Crops, seed=0):
    """Batches of 20, without end."""
    made = kind(tracks, seed=seed, batch_size=20)
    return (batch for epoch in count(1) for batch in made.batches(epoch) if len(batch[0]) == 20)


def stretch(device):
    """The seconds that some batches take."""
    losses = RUNNING[0]
    list(islice(losses, N_BATCHES))  # what is slower at first is past
    finish(device)
    start = time.perf_counter()
    list(islice(losses, N_BATCHES))
    finish(device)
    return time.perf_counter() - start


def finish(device):
    """Wait until a GPU has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def quality(train, held_out, *, device, folder, plain=False, seed=0):
    """ROC-AUC after the demo's schedule, on held-out tracks."""
    torch.manual_seed(seed)
    model = FCN().to(device)
    how = {"seed": seed, "batch_size": DEMO["batch_size"]}
    crops = Files(files_of(train, folder), **how) if plain else Crops(train, **how)
    n_steps = DEMO["n_epochs"] * len(crops)
    step = PlainLoop(model, n_steps=n_steps) if plain else TrainStep(model, n_steps=n_steps, schedule="onecycle")
    for epoch in range(1, DEMO["n_epochs"] + 1):
        list(step.losses(crops.batches(epoch)))
    model.to(memory_format=torch.channels_last)
    logits = np.concatenate([track_logits(model, part.audio) for part in held_out])
    return roc_auc(np.concatenate([part.labels for part in held_out]), logits)


def files_of(tracks, folder):
    """The same tracks in files, as the published code keeps them: arrays, for whom opening is no decoding."""
    paths = [Path(folder) / f"{track_id}.npy" for track_id in tracks.track_ids]
    for path, samples in zip(paths, tracks.audio, strict=True):
        np.save(path, samples)
    return TrackSet(tracks.track_ids, paths, tracks.labels)


if __name__ == "__main__":
    main()

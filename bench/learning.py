"""What the demo's networks learn from more epochs, more tracks and changed sounds, beside mean mel bands.

    python bench/learning.py --library data/demo

Each variant is a training of a shared trunk with all listeners' heads, from several seeds. Finished trainings are kept
under --parts and read again, so that the bench can be interrupted; all of it takes hours. Results are written after
each training: a table, and imgs/learning.png.
"""

import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads of two programs would slow each other down

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from report import machine, table, write_section
from torch import nn

from lemons.audio import SAMPLE_RATE
from lemons.files import atomic_path
from lemons.library import open_library
from recsys.data.crops import Crops, TrackSet, load_tracks
from recsys.data.features import MEL_FEATURES, track_features
from recsys.data.splits import load_or_draw_split
from recsys.evaluation.baselines import mel_scores
from recsys.model import FCN, N_MELS
from recsys.pooled import head_logits, library_features
from recsys.ranking import interval, measure, resamples
from recsys.training.fit import fit
from recsys.training.head import QuietFeatures, fit_head
from recsys.training.shared import share

ROOT = Path(__file__).resolve().parents[1]
SEED = 1930289  # of the first training; the others follow
SUBSET_SEED = 5  # of the tracks that stay where some are left out
DEMO = {"schedule": "onecycle", "val_step": 5}
PARTS = ("train", "val", "test")
MEASURES = ("roc_auc", "average_precision")


@dataclass(frozen=True)
class Variant:
    """A training; crops of an epoch are as many, whatever the share of tracks."""

    name: str
    n_epochs: int = 20
    share: float = 1.0  # of each listener's training tracks
    seconds: float = 1.0  # of a crop
    pitch: float = 0.0  # semitones up or down at most, tempo with it
    level: float = 0.0  # dB up or down at most
    by_band: bool = False  # each mel band is normalised by itself, not all of them together

    @property
    def usual(self):
        """Whether it hears what the demo's training does."""
        return (self.seconds, self.pitch, self.level, self.by_band) == (1, 0, 0, False)


VARIANTS = (
    Variant("5 epochs", n_epochs=5),
    Variant("10 epochs", n_epochs=10),
    Variant("the demo: 20 epochs", n_epochs=20),
    Variant("40 epochs", n_epochs=40),
    Variant("a quarter of the tracks", share=0.25),
    Variant("half of the tracks", share=0.5),
    Variant("pitch ±1, level ±6 dB", pitch=1, level=6),
    Variant("crops of 2 s", seconds=2),
    Variant("each mel band normalised", by_band=True),
)


class BandNorm(nn.BatchNorm1d):
    """Batch normalisation of each of the mel bands, in the place of one for all."""

    def forward(self, x):
        """Decibels (batch, 1, bands, frames)."""
        return super().forward(x.squeeze(1)).unsqueeze(1)


class ChangedCrops(Crops):
    """Crops whose pitch and level are drawn each time; the epoch decides, as it does of the crops."""

    def __init__(self, tracks: TrackSet, variant: Variant, **settings):
        super().__init__(tracks, **settings)
        self.variant = variant

    def batches(self, epoch):
        """Those of `Crops`, changed."""
        rng = np.random.default_rng([self.seed, epoch, 7])
        for crops, labels in super().batches(epoch):
            if self.variant.pitch:
                crops = torch.from_numpy(np.stack([self._pitched(y, rng) for y in crops.numpy()]))
            if self.variant.level:
                gain = 10 ** (rng.uniform(-self.variant.level, self.variant.level, (len(crops), 1)) / 20)
                crops = crops * torch.from_numpy(gain).float()
            yield crops, labels

    def _pitched(self, y, rng):
        """Read faster or slower; what is then missing at the end is what was there."""
        factor = 2 ** (rng.uniform(-self.variant.pitch, self.variant.pitch) / 12)
        places = np.arange(len(y)) * factor
        read = np.interp(places[places < len(y) - 1], np.arange(len(y)), y).astype(np.float32)
        return np.concatenate([read, y[len(read) :]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--parts", type=Path, default=ROOT / "experiments" / "learning")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--variants", nargs="*", default=[v.name for v in VARIANTS], help="by name; default: all")
    args = parser.parse_args()
    where, data = machine(), Data(args.library)
    found = {}
    for seed in range(args.seeds):  # all variants once first
        for variant in (v for v in VARIANTS if v.name in args.variants):
            found.setdefault(variant, []).append(kept(args.parts / f"{variant.name} {seed}.json", data, variant, seed))
            write(found, data, where)


class Data:
    """A library's splits, and what mean mel bands make of their test tracks."""

    def __init__(self, path):
        self.library = open_library(path)
        self.splits = {user: load_or_draw_split(self.library, user) for user in self.library.users}
        self.labels = {user: self.of_part(user, "test")[1] for user in self.splits}
        features = track_features(self.library, self.library.tracks.index)[list(MEL_FEATURES)]
        self.mel = {}
        for user in self.splits:
            (train, y), (val, y_val), (test, _) = (self.of_part(user, part) for part in PARTS)
            train, val, test = (features.loc[some].to_numpy() for some in (train, val, test))
            self.mel[user] = mel_scores(train, y, val, y_val, test)

    def of_part(self, user, part):
        """Tracks and labels of a part of a split."""
        rows = self.splits[user][self.splits[user]["split"] == part]
        return rows["track_id"], (rows["playcount"] > 0).to_numpy(np.float32)

    def reduced(self, user, tracks):
        """The split with these training tracks only."""
        split = self.splits[user]
        return split[(split["split"] != "train") | split["track_id"].isin(tracks.track_ids)]

    def load(self, user, part, **settings):
        """Their sound, see `load_tracks`."""
        return load_tracks(self.library, self.splits[user], part, **settings)


def kept(path, data, variant, seed):
    """What a training gave: read, or found out and kept."""
    if not path.is_file():
        result = train(data, variant, SEED + seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(result))
    return json.loads(path.read_text())


def train(data, variant, seed):
    """Validations and the processor's minutes of a training, and the logits of each listener's test tracks."""
    n_samples = round(variant.seconds * SAMPLE_RATE)
    tracks = {user: some_of(data.load(user, "train", min_samples=n_samples), variant.share) for user in data.splits}
    val = share({user: data.load(user, "val") for user in data.splits})
    settings = {"seed": seed, "batch_size": 8, "n_quiet": 1, "input_length": n_samples}
    crops = ChangedCrops(share(tracks, by_pair=True), variant, **settings, n_crops=round(1 / variant.share))
    torch.manual_seed(seed)
    model, start = FCN(len(tracks)), time.process_time()
    if variant.by_band:
        model.spec_bn = BandNorm(N_MELS)
    training = fit(model, crops, val, name=variant.name, n_epochs=variant.n_epochs, **DEMO)
    minutes = (time.process_time() - start) / 60
    features = library_features(model, data.library, data.library.tracks.index)
    quiet, own, fitted = QuietFeatures(model, quiet=1 / 8, seed=seed), {}, {}
    for i, user in enumerate(tracks):
        test, mine = features.loc[data.of_part(user, "test")[0]].to_numpy(), model.of_listener(i)
        own[user] = head_logits(mine, test).tolist()
        fit_head(mine, data.library, data.reduced(user, tracks[user]), features, quiet=quiet)
        fitted[user] = head_logits(mine, test).tolist()
    history = [{name: one[name] for name in ("epoch", "roc_auc", "average_precision")} for one in training.history]
    return {"history": history, "minutes": minutes, "logits": own, "fitted": fitted}


def some_of(tracks, part):
    """A share of a listener's tracks, as large of both classes."""
    rng = np.random.default_rng(SUBSET_SEED)
    places = [rng.permutation(np.flatnonzero(tracks.labels == label)) for label in (0, 1)]
    left = sorted(i for of_class in places for i in of_class[: max(2, round(len(of_class) * part))])
    return TrackSet([tracks.track_ids[i] for i in left], [tracks.audio[i] for i in left], tracks.labels[left])


def write(found, data, where):
    """Put what is known so far into results.md and the picture."""
    head = ["training", "seeds", "processor minutes", "ROC-AUC", "average precision"]
    head += ["less mel bands, 95 %", "ROC-AUC, heads refitted", "less mel bands, 95 %"]
    rows = [row(variant, results, data) for variant, results in found.items()]
    mel = mean_of(data, data.mel)
    text = f"""
{len(data.labels)} listeners, {sum(map(len, data.labels.values()))} test tracks; mel bands: ROC-AUC \
{mel["roc_auc"]:.3f}, average precision {mel["average_precision"]:.3f}. Means over listeners and seeds, ± the standard
deviation of the seeds; the interval resamples test tracks. {where}.

{table(head, rows)}
"""
    print(text)
    write_section("What the networks learn from more of everything (bench/learning.py)", text)
    draw(found, data)


def row(variant, results, data):
    values = {
        name: [mean_of(data, one["logits"])[name] for one in results] for name in ("roc_auc", "average_precision")
    }
    auc, ap = (f"{np.mean(v):.3f}" + (f"±{np.std(v, ddof=1):.3f}" if len(v) > 1 else "") for v in values.values())
    fitted = np.mean([mean_of(data, one["fitted"])["roc_auc"] for one in results])
    leads = [over_mel(results, data, heads) for heads in ("logits", "fitted")]
    own_lead, fitted_lead = (f"{difference:+.3f} ({low:+.2f} to {high:+.2f})" for difference, low, high in leads)
    minutes = np.mean([one["minutes"] for one in results])
    return [
        variant.name, str(len(results)), f"{minutes:.0f}", auc, ap, own_lead, f"{fitted:.3f}", fitted_lead
    ]  # fmt: skip


def mean_of(data, scores):
    """Mean over the listeners of measures of their test tracks."""
    values = [measure(labels, scores[user]) for user, labels in data.labels.items()]
    return {name: float(np.mean([one[name] for one in values])) for name in MEASURES}


def over_mel(results, data, heads):
    """Mean difference of the ROC-AUC from that of mel bands, and its interval over other test tracks."""
    drawn = []
    for user, labels in data.labels.items():
        counts = resamples(labels, seed=[0, *user.encode()])
        ours = np.mean([measure(labels, one[heads][user], counts)["roc_auc"] for one in results], axis=0)
        drawn.append(ours - measure(labels, data.mel[user], counts)["roc_auc"])
    ours = np.mean([mean_of(data, one[heads])["roc_auc"] for one in results])
    return ours - mean_of(data, data.mel)["roc_auc"], *interval(np.mean(drawn, axis=0))


def draw(found, data):
    """Two panels: validation over epochs, test over the share of tracks."""
    figure = Figure(figsize=(10, 4), dpi=120, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    epochs, tracks = figure.subplots(1, 2, sharey=True)
    for variant, results in found.items():
        if variant.usual and variant.share == 1:
            curves = np.array([[one["roc_auc"] for one in result["history"]] for result in results])
            x = [one["epoch"] for one in results[0]["history"]]
            (line,) = epochs.plot(x, curves.mean(0), marker="o", label=f"{variant.n_epochs} epochs")
            epochs.fill_between(x, curves.min(0), curves.max(0), color=line.get_color(), alpha=0.15, lw=0)
    epochs.set(xlabel="epochs", ylabel="ROC-AUC, mean over listeners", title="Validation")
    epochs.legend(frameon=False)
    shares = {v.share: r for v, r in found.items() if v.usual and v.n_epochs == 20}
    points = [(part, mean_of(data, one["logits"])["roc_auc"]) for part, some in shares.items() for one in some]
    means = {
        part: np.mean([mean_of(data, one["logits"])["roc_auc"] for one in shares[part]]) for part in sorted(shares)
    }
    tracks.plot(list(means), list(means.values()), color="C2", label="networks, mean of the seeds")
    tracks.plot(*zip(*points, strict=True), "o", color="C2", alpha=0.6)
    tracks.axhline(mean_of(data, data.mel)["roc_auc"], color="0.5", ls="--", label="mel bands, all tracks")
    tracks.set(xlabel="share of the training tracks", title="Test, 20 epochs' worth of crops")
    tracks.legend(frameon=False)
    for axes in (epochs, tracks):
        axes.spines[["top", "right"]].set_visible(False)
    with atomic_path(ROOT / "imgs" / "learning.png") as temporary:
        figure.savefig(temporary, format="png")


if __name__ == "__main__":
    main()

"""One trunk that all listeners of a library share, and a head for each.

A trunk says what there is to hear, a head what a listener makes of it: 129 numbers. The network has as many heads as
there are listeners, and each crop of a track has the labels of all listeners in whose training part it is; the loss is
the mean over the labels that are known. Each listener's split is as it is alone. So a track may be one listener's test
track and another's training track: the trunk has then heard it, and no label of the first listener for it.

An epoch has as many crops as those of all listeners alone have together, one for each pair of a track and a listener:
equal schedules are equal work.

The trunk has one best epoch, that of the highest mean score over the listeners: what is chosen by some sixteen
validation tracks of one listener is chosen by chance as much as by merit. Then each head is refitted to the trunk as
it is, as that of a listener who comes later is: on whole tracks, by which a track is scored (`recsys.training.head`).

Each listener's run gets a whole network, trunk and head, as from a training alone; `recsys.checkpoints.trunk_hash`
tells whose trunks are the same.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lemons.errors import DataError
from lemons.library import Library
from lemons.progress import Progress
from recsys.checkpoints import MODEL_FILE, save_checkpoint, trunk_hash
from recsys.data.crops import TrackSet
from recsys.data.splits import load_or_draw_split
from recsys.model_runs import LOCK_FILE, finish_run
from recsys.training.fit import fit
from recsys.training.head import QuietFeatures, fit_head, head_features
from recsys.training.prepare import (
    load_parts,
    make_crops,
    make_model,
    quiet_settings,
    run_description,
    trainer_settings,
)
from recsys.training.resume import Run, open_run
from recsys.training.trainer import Training

__all__ = ["SHARED", "all_splits", "can_learn", "fit_shared", "join", "share"]

SHARED = "shared-trunk"  # in the name of the folder that such a training has until it is finished

logger = logging.getLogger(__name__)


def all_splits(config: dict[str, Any], library: Library) -> dict[str, pd.DataFrame]:
    """The split of each listener who has tracks enough for one; the log names the others.

    Raises
    ------
    DataError
        if nobody has
    """
    splits = {}
    for user in library.users:
        try:
            splits[user] = load_or_draw_split(library, user, seed=config["data_seed"], folder=config["meta_path"])
        except DataError as error:
            logger.warning("%s has no part in the trunk: %s", user, error)
    if not splits:
        raise DataError(f"no listener of {library.files.shown} has tracks enough to share a trunk")
    return splits


def can_learn(config: dict[str, Any], library: Library, user: str) -> bool:
    """Whether a listener's tracks can be read, so that they would have a part in a trunk; the log says why not."""
    try:
        split = load_or_draw_split(library, user, seed=config["data_seed"], folder=config["meta_path"])
        return bool(_load(config, library, {user: split}))
    except DataError:
        return False


def join(splits: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """All splits as one table."""
    return pd.concat([split.assign(user=user) for user, split in splits.items()], ignore_index=True)


def share(sets: Mapping[str, TrackSet], *, by_pair: bool = False) -> TrackSet:
    """The tracks of several listeners as one set, with a column of labels for each listener.

    Parameters
    ----------
    sets : dict of str to TrackSet
        of each listener
    by_pair : bool
        whether a track is there once for each listener in whose set it is, else once

    Returns
    -------
    TrackSet
        with labels (n, n_listeners)

    Examples
    --------
    >>> song = np.zeros(4, np.int16)
    >>> one, other = TrackSet(["A", "B"], [song, song], np.float32([1, 0])), TrackSet(["B"], [song], np.float32([1]))
    >>> shared = share({"marko": one, "nina": other}, by_pair=True)
    >>> shared.track_ids, shared.labels.tolist()
    (['B', 'B', 'A'], [[0.0, 1.0], [0.0, 1.0], [1.0, nan]])
    """
    audio: dict[str, np.ndarray] = {}
    for tracks in sets.values():
        audio = dict(zip(tracks.track_ids, tracks.audio, strict=True)) | audio
    labels = pd.DataFrame({user: pd.Series(one.labels, one.track_ids) for user, one in sets.items()}).reindex(audio)
    track_ids = np.repeat(list(audio), labels.notna().sum(axis=1) if by_pair else 1).tolist()
    return TrackSet(track_ids, [audio[one] for one in track_ids], labels.loc[track_ids].to_numpy(np.float32))


def fit_shared(
    config: dict[str, Any],
    library: Library,
    splits: Mapping[str, pd.DataFrame],
    run: Run,
    *,
    log: Callable[[str, float, int], None],
    progress: Progress | None = None,
) -> tuple[Training, dict[str, Path]]:
    """Train a trunk and a head for each listener, and write each one's run.

    Parameters
    ----------
    config : dict
        the parameters of `recsys.experiment`
    library : Library
        the music library
    splits : dict of str to pd.DataFrame
        of each listener, from `all_splits`
    run : Run
        of the trunk, from `recsys.training.resume.open_run`; nothing is left in its folder at the end
    log : callable
        see `recsys.training.trainer.Trainer`
    progress : callable, optional
        ``progress(done, total)``, called after each track that the finished trunk has heard for the heads

    Returns
    -------
    training : Training
        of the trunk, with the mean scores of the heads as its best
    models : dict of str to Path
        each listener's model; without the listeners whose tracks cannot be read, whom the log names

    Raises
    ------
    DataError
        if nobody's tracks can be read, or the training diverges before the first validation
    """
    parts = _load(config, library, splits)
    users = list(parts)
    crops = make_crops(config, share({user: train for user, (train, _) in parts.items()}, by_pair=True))
    val = share({user: val for user, (_, val) in parts.items()})
    model = make_model(config, len(users))
    meta = {user: run_description(config | {"user_name": user}, library, splits[user]) for user in users}
    with ExitStack() as stack:
        folders = run.state["folders"] if run.state else _new_folders(stack, library, splits, meta)

        def save_models(scores: dict[str, Any]) -> None:
            trunk = {"trunk": trunk_hash(model)}
            for i, user in enumerate(users):
                about = meta[user] | trunk | {"scores": _own(scores, i)}
                save_checkpoint(Path(folders[user]) / MODEL_FILE, model.of_listener(i), about)

        training = fit(
            model,
            crops,
            val,
            **trainer_settings(config),
            name=f"{len(users)} listeners",
            log=log,
            on_best=save_models,
            on_epoch=lambda state: run.save(state | {"folders": folders}),
            state=run.state,
        )
    trunk = {"trunk": trunk_hash(model)}
    features = head_features(model, library, join({user: splits[user] for user in users}), progress=progress)
    quiet, best = QuietFeatures(model, **quiet_settings(config)), []
    for i, user in enumerate(users):
        own = model.of_listener(i)
        head = fit_head(own, library, splits[user], features, quiet=quiet)
        best.append(head.best | {"epoch": training.best["epoch"]})
        save_checkpoint(Path(folders[user]) / MODEL_FILE, own, meta[user] | trunk | {"scores": best[i]})
        its = replace(_of_listener(training, users, i), best=best[i])
        finish_run(Path(folders[user]), meta[user] | asdict(its) | trunk)
        (Path(folders[user]) / LOCK_FILE).unlink(missing_ok=True)  # of a process that was killed
    means = {name: float(np.mean([one[name] for one in best])) for name in best[0] if name != "C"}
    training = replace(training, best=means | {"epoch": training.best["epoch"], "listeners": best})
    run.forget()
    return training, {user: Path(folders[user]) / MODEL_FILE for user in users}


def _load(
    config: dict[str, Any], library: Library, splits: Mapping[str, pd.DataFrame]
) -> dict[str, tuple[TrackSet, TrackSet]]:
    parts, error = {}, DataError("no listener is left to train a trunk for")
    for user, split in splits.items():
        try:
            parts[user] = load_parts(config, library, split)
        except DataError as unread:
            logger.warning("%s has no part in the trunk: %s", user, unread)
            error = unread
    if not parts:
        raise error
    return parts


def _new_folders(
    stack: ExitStack, library: Library, splits: Mapping[str, pd.DataFrame], meta: dict[str, dict[str, Any]]
) -> dict[str, str]:
    """A new folder for each listener's run, locked until its first model is in it."""
    folders = {}
    for user, about in meta.items():
        how = {"library": library, "split": splits[user], "config": about["config"]}
        run = stack.enter_context(open_run(about["config"]["experiments_path"], user, **how))
        folders[user] = str(run.folder)
    return folders


def _own(scores: dict[str, Any], i: int) -> dict[str, Any]:
    """One listener's scores of a validation."""
    return {name: value for name, value in scores.items() if name != "listeners"} | scores["listeners"][i]


def _of_listener(training: Training, users: list[str], i: int) -> Training:
    """The training as one listener's: their own scores of the trunk's epochs, by the head that was trained with it."""
    return replace(
        training,
        history=[_own(scores, i) for scores in training.history],
        together=[user for user in users if user != users[i]],
    )

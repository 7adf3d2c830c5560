"""A network for each listener, the paper's way, in units of work: one listener each.

A unit is the training that ``lemons train --listener`` does, by `recsys.all_listeners.train_all`. So its run, with
checkpoint, curves and sacred's record, is in the experiments as ever, and one that was killed goes on from its last
epoch. The unit's result is a row that says which model it is.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lemons.config import Config
from lemons.errors import LemonsError
from lemons.fleet import Failure, Results, Unit
from lemons.fleet.tracks import opened_library
from lemons.hashing import fingerprint as fingerprint_of
from lemons.hashing import model_hash
from lemons.library import Library
from lemons.storage import mirror_path, open_folder
from recsys.all_listeners import train_all
from recsys.checkpoints import MODEL_FILE, load_checkpoint
from recsys.data.splits import load_or_draw_split
from recsys.experiment import parameters_of
from recsys.training.resume import what_matters

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["network_units", "read_networks", "train_network"]

KIND = "networks"
MEASURES = ("score", "roc_auc", "average_precision", "loss")


def network_units(
    library: Library,
    config: Config,
    *,
    listeners: Sequence[str] | None = None,
    schedule: str = "",
    updates: dict[str, Any] | None = None,
    fallback: str = "",
) -> tuple[list[Unit], list[Failure]]:
    """Units that train a network for each listener, and the listeners who have no split.

    Parameters
    ----------
    library : Library
        the music library, which all machines see at the same place
    config : Config
        where experiments go, a folder that all machines share or a bucket, and MongoDB's address
    listeners : sequence of str, optional
        all of the library by default
    schedule, updates, fallback
        ``named_config``, ``updates`` and ``fallback`` of `recsys.all_listeners.train_all`
    """
    updates = updates or {}
    wanted = what_matters(parameters_of(schedule, updates))
    units, failures = [], []
    for listener in library.users if listeners is None else listeners:
        try:
            split = load_or_draw_split(library, listener)
        except LemonsError as error:
            failures.append(Failure(listener, str(error)))
            continue
        about: dict[str, Any] = {"library": library.fingerprint, "split": fingerprint_of(split)}
        about |= {"listener": listener, "parameters": wanted | {"user_name": listener}}
        arguments: dict[str, Any] = {"library": library.files.place, "fingerprint": library.fingerprint}
        arguments |= {"experiments": open_folder(config.experiments_path.absolute()).place, "listener": listener}
        arguments |= {"mongodb_url": config.mongodb_url, "mongodb_db_name": config.mongodb_db_name}
        arguments |= {"schedule": schedule, "updates": updates, "fallback": fallback}
        units.append(Unit(KIND, listener, about, train_network, arguments))
    return units, failures


def train_network(
    *,
    library: str,
    fingerprint: str,
    experiments: str,
    listener: str,
    mongodb_url: str,
    mongodb_db_name: str,
    schedule: str,
    updates: dict[str, Any],
    fallback: str,
) -> "pa.Table":
    """Train a listener's network, or find it: columns ``listener``, ``model`` (a path or a URL), ``model_hash`` and
    ``epoch``, and its validation: ``val_score``, ``val_roc_auc``, ``val_average_precision``, ``val_loss``.
    """
    import pyarrow as pa

    opened_library(library, fingerprint)  # or the sentence that it is another one here
    paths = {"library_path": mirror_path(library), "experiments_path": mirror_path(experiments)}
    config = Config(**paths, mongodb_url=mongodb_url, mongodb_db_name=mongodb_db_name)
    trained = train_all(config, [listener], named_config=schedule, updates=updates, fallback=fallback)
    model, about = load_checkpoint(trained[listener])
    run = trained[listener].parent
    place = open_folder(run.parent).place_of(f"{run.name}/{MODEL_FILE}")
    row = {"listener": listener, "model": place, "model_hash": model_hash(model)}
    row |= {"epoch": about["scores"]["epoch"]} | {f"val_{name}": about["scores"][name] for name in MEASURES}
    return pa.Table.from_pylist([row])


def read_networks(results: Results, keys: Sequence[str]) -> dict[str, str]:
    """Each listener's model by the results of some units; DataError if a unit has none."""
    rows = [row for key in keys for row in results.read(key).select(["listener", "model"]).to_pylist()]
    return {row["listener"]: row["model"] for row in rows}

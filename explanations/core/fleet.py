"""Explanations for many listeners in units of work (`lemons.fleet`): a track for all who have it on their list.

Listeners who share a trunk share the engine's pass over a track (`lemons.explaining.passes`); what each one's head
makes of it costs a look at all masks, no pass.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import expit

import lemons
from lemons.audio import SAMPLE_RATE
from lemons.errors import LemonsError, MissingDependencyError, NotHereError
from lemons.explaining.criterion import Criterion, listed
from lemons.explaining.explain import answer
from lemons.explaining.question import EVEN_ODDS, ask
from lemons.fleet import Results, Unit
from lemons.fleet.stems import read_track_stems
from lemons.fleet.tracks import opened_library, track_stamp
from lemons.library import Library
from lemons.tracks import check_length, open_track
from recsys.checkpoints import load_checkpoint, trunk_hash
from recsys.fleet.heads import read_heads
from recsys.fleet.index import Explained
from recsys.fleet.opened import opened_trunk
from recsys.training.head import with_head

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["explain_for", "explained", "explanation_units", "first_tracks"]

KIND = "explanations"

Asking = dict[str, list[Any]]  # by listener: the key of the unit with the head, and the threshold


def first_tracks(results: Results, tops: Sequence[Unit], *, n: int = 1) -> dict[str, Asking]:
    """The first tracks of the lists, with those who have them there.

    Parameters
    ----------
    results : Results
        where the lists are
    tops : sequence of Unit
        from `recsys.fleet.tops.top_units`; those without a result are left out
    n : int > 0
        how many tracks of each list
    """
    found: dict[str, Asking] = {}
    made = results.keys(tops[0].kind) if tops else set()
    for unit in tops:
        if unit.key in made:
            for listener, own in results.read(unit.key).to_pandas().groupby("listener", observed=True):
                for track_id in own["track_id"][:n]:
                    limit = _limit(own[own["track_id"] != track_id])
                    found.setdefault(track_id, {})[str(listener)] = [unit.arguments["heads"], limit]
    return dict(sorted(found.items()))


def explanation_units(
    library: Library,
    checkpoint: str | os.PathLike,
    results: Results,
    first: Mapping[str, Asking],
    *,
    stems: Sequence[Unit] | None = None,
    device: str = "cpu",
    separator: str | None = None,
    **asked: Any,
) -> list[Unit]:
    """Units that explain tracks, each for all who ask.

    Parameters
    ----------
    library : Library
        the music library, which all machines see at the same place
    checkpoint : path-like
        a model with the trunk that the listeners share
    results : Results
        where heads and stems are
    first : dict
        from `first_tracks`
    stems : sequence of Unit, optional
        from `lemons.fleet.stems.stem_units`: those that have a result; other tracks are left out. Without, tracks are
        taken apart as `lemons.tracks.open_track` does it
    device : str
        where the trunk computes
    separator : str, optional
        the separator's name
    **asked
        ``kind`` and more plain values that `lemons.explaining.question.ask` takes
    """
    trunk = trunk_hash(load_checkpoint(checkpoint)[0])
    versions = {"lemons": lemons.__version__} | {one: version(one) for one in ("numpy", "scikit-learn", "torch")}
    separated = None if stems is None else {unit.arguments["track_id"]: unit.key for unit in stems}
    same: dict[str, Any] = {"library": library.files.place, "fingerprint": library.fingerprint, "place": results.place}
    same |= {"checkpoint": str(checkpoint), "trunk": trunk, "device": device, "separator": separator, "asked": asked}
    units = []
    for track_id, asking in first.items():
        if separated is not None and track_id not in separated:
            continue
        own = separated[track_id] if separated else None
        about: dict[str, Any] = {"track": track_stamp(library, track_id), "trunk": trunk, "listeners": asking}
        about |= {"stems": own, "separator": separator, "asked": asked, "versions": versions}
        arguments = same | {"track_id": track_id, "stems": own, "listeners": asking}
        units.append(Unit(KIND, f"track {track_id} for {len(asking)} listeners", about, explain_for, arguments))
    return units


def _limit(others: pd.DataFrame) -> float | None:
    """The relevance that the last on the list of ten has; None where there is no other track."""
    return listed(expit(others["logit"].to_numpy(np.float64)).tolist()).relevance if len(others) else None


def explain_for(
    *,
    library: str,
    fingerprint: str,
    place: str,
    checkpoint: str,
    trunk: str,
    device: str,
    separator: str | None,
    stems: str | None,
    track_id: str,
    listeners: Mapping[str, Sequence[Any]],
    asked: dict[str, Any],
) -> "pa.Table":
    """A track's explanations for listeners: columns ``listener``, ``track_id``, ``relevance``, the ``key`` of the
    question, the ``explanation`` as JSON (`lemons.explaining.explanation.Explanation.to_json`), or ``why`` there is
    none.
    """
    import pyarrow as pa

    opened = opened_library(library, fingerprint)
    if stems is None:
        track = open_track(track_id, opened, separator=separator)
        sound, separated_by = track.stems, track.separator
    else:
        sound, separated_by = read_track_stems(Results(place), stems, opened.audio_path(track_id)), str(separator)
        check_length(len(next(iter(sound.values()))) / SAMPLE_RATE, track_id)
    model, heads = opened_trunk(checkpoint, trunk, device), _heads(place, {key for key, _ in listeners.values()})
    found = []
    for listener, (_, limit) in listeners.items():
        row: dict[str, Any] = {"listener": listener, "track_id": track_id}
        try:
            own = with_head(model, *heads[listener])
            criterion = EVEN_ODDS if limit is None else Criterion(limit, "list")
            question = ask(own, sound, criterion=criterion, **asked)
            explanation = answer(question, own, sound)
        except (MissingDependencyError, NotHereError):
            raise  # what this worker lacks is no answer to the question
        except LemonsError as error:
            found.append(row | {"why": str(error)})
            continue
        explanation = replace(explanation, track_id=track_id, listener=listener, separator=separated_by)
        row |= {"relevance": explanation.relevance, "key": question.key, "explanation": explanation.to_json()}
        found.append(row)
    columns = ("listener", "track_id", "key", "explanation", "why")
    schema = [*(pa.field(name, pa.string()) for name in columns), pa.field("relevance", pa.float64())]
    return pa.Table.from_pylist(found, pa.schema(schema))


def _heads(place: str, keys: set[str]) -> dict[str, tuple[np.ndarray, float]]:
    found = read_heads(Results(place), sorted(keys))
    return dict(zip(found.listeners, zip(found.weights, found.bias.tolist(), strict=True), strict=True))


def explained(results: Results, units: Sequence[Unit]) -> tuple[dict[str, list[Explained]], dict[str, str]]:
    """What units explained, for `recsys.fleet.index.write_index`, and why others have no explanation.

    Parameters
    ----------
    results : Results
        where they are
    units : sequence of Unit
        from `explanation_units`: those that have a result

    Returns
    -------
    found : dict
        by listener, what was explained to them
    why : dict of str to str
        by track and listener
    """
    found: dict[str, list[Explained]] = {}
    why: dict[str, str] = {}
    for unit in units:
        how = unit.arguments
        stems, separator = how["stems"], how["separator"] if how["stems"] else None
        one = Explained(how["track_id"], how["asked"]["kind"], unit.key, stems, separator)
        for row in results.read(unit.key).select(["listener", "why"]).to_pylist():
            if row["why"] is None:
                found.setdefault(row["listener"], []).append(one)
            else:
                why[f"{one.track_id} for {row['listener']}"] = row["why"]
    return found, why

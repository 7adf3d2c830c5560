"""What the page shows, read once and kept: library, models, recommendations, stems."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st
from scipy.special import expit

from explanations.core.made import made_for, open_for
from lemons.audio import to_int16
from lemons.baselines import SILENCE
from lemons.config import Config
from lemons.errors import DataError
from lemons.explaining.cache import bring_explanations
from lemons.explaining.components import mix_of_stems
from lemons.explaining.criterion import Criterion, listed
from lemons.explaining.explanation import Explanation, load_explanations
from lemons.explaining.question import EVEN_ODDS
from lemons.hashing import model_hash
from lemons.library import Library, open_library
from lemons.listeners import Listener
from lemons.tracks import Track
from recsys.data.splits import split_path
from recsys.find_model import find_in_fleet, open_fleet
from recsys.listener_model import ListenerModel, TrainedModel
from recsys.model_runs import best_checkpoint, runs_of
from recsys.network import Network
from recsys.relevance import track_logits

if TYPE_CHECKING:
    from recsys.fleet.index import Index

__all__ = [
    "Case",
    "get_case",
    "get_case_beside",
    "get_explanations",
    "get_explanations_of",
    "get_library",
    "get_model",
    "get_model_hash",
    "get_others",
    "get_recommendations",
]

LOOK_S = 30  # a fleet's index is read again, which may be far away


@dataclass(frozen=True)
class Case:
    """A track and a listener: all that a question about them needs.

    Attributes
    ----------
    folder : Path
        where explanations are kept
    listener : Listener
        for whom it is scored
    model : Network
        the listener's
    track : Track
        with its stems
    key : tuple
        names the model, then the track, for caches
    title, about : str
        what the track is called, and what else is known of it; untrusted text
    relevance : float
        of the track for the listener, in [0, 1]
    others : tuple of float
        relevance of the other tracks that can be recommended to the listener, the largest first; maybe none
    recommended : bool
        whether it was; False for a visitor's own music
    shareable : bool
        whether others can open it, too; False for a visitor's own music
    ranked : bool
        whether ``others`` are all, so that a relevance has a place among them; False for the list of a fleet, which
        ends somewhere
    made : dict of str to Explanation
        what a fleet has explained of it, by the key of the question
    """

    folder: Path
    listener: Listener
    model: Network
    track: Track
    key: tuple
    title: str
    about: str
    relevance: float
    others: tuple[float, ...]
    recommended: bool
    shareable: bool = True
    ranked: bool = True
    made: Mapping[str, Explanation] = field(default_factory=dict)

    @property
    def mix(self) -> np.ndarray:
        """The whole track."""
        return mix_of_stems(self.track.stems)

    @property
    def criterion(self) -> Criterion:
        """The relevance that keeps the track on the listener's list; even odds where there is no list."""
        return listed(self.others) if self.others else EVEN_ODDS


def get_library(path: Path) -> Library:
    """The library in a folder; read again when its tables change."""
    return _open_library(path, _stamps(path / "tracks.csv", path / "listens.csv"))


def get_recommendations(config: Config, library: Library, listener: Listener) -> pd.DataFrame:
    """The listener's ten most relevant tracks; scored once, with a progress bar, or read from a fleet's list."""
    found = _find_model(config, library, listener)
    return _recommend(found, found.stamp)


def get_model(config: Config, library: Library, listener: Listener) -> tuple[Network, tuple]:
    """A listener's network, and what names it in caches."""
    found = _find_model(config, library, listener)
    return _load_model(found, found.stamp), found.stamp


def get_case(config: Config, library: Library, listener: Listener, row: pd.Series) -> Case:
    """A recommended track, a row of `get_recommendations`, with its stems and the listener's model."""
    found, track_id = _find_model(config, library, listener), row["track_id"]
    explained = found.explained(track_id)
    stems = explained[-1].stems if explained else None
    track_key = (str(library.path), library.fingerprint, track_id, stems)
    track = _open_track(found, track_id, track_key)
    return Case(
        config.explanations_path,
        listener,
        _load_model(found, found.stamp),
        track,
        (found.stamp, track_key),
        title=str(row["title"]),
        about=" · ".join(filter(None, [row["artist"], row["genre"], track.credit])),
        relevance=row["relevance"],
        others=_others(found, track_id, found.stamp),
        recommended=True,
        ranked=found.ranks_all,
        made=_read_made(found, track_id, (found.stamp, explained)),
    )


def get_case_beside(config: Config, library: Library, listener: Listener, case: Case) -> Case:
    """The same track for another listener, to whom it was not recommended."""
    found, track_id = _find_model(config, library, listener), case.track.track_id
    model = _load_model(found, found.stamp)
    key = (found.stamp, case.key[1])
    about = replace(case, listener=listener, model=model, key=key, recommended=False, ranked=found.ranks_all)
    made = _read_made(found, track_id, (found.stamp, found.explained(track_id)))
    relevance, others = _score(model, case.track, key), _others(found, track_id, found.stamp)
    return replace(about, relevance=relevance, others=others, made=made)


def get_others(config: Config, library: Library, listener: Listener, track_id: str) -> tuple[float, ...]:
    """The relevance of the other tracks that can be recommended to a listener, the largest first."""
    found = _find_model(config, library, listener)
    return _others(found, track_id, found.stamp)


def get_explanations(config: Config) -> list[Explanation]:
    """All cached explanations, without their `WhatIf`; read again when there are more."""
    return _read_explanations(config.explanations_path)


def get_explanations_of(case: Case) -> list[Explanation]:
    """The cached explanations of a track by a listener's present model."""
    model_hash = _hash_model(case.model, case.key[0])
    found = _read_explanations(case.folder)
    return [one for one in found if (one.track_id, one.model_hash) == (case.track.track_id, model_hash)]


def get_model_hash(config: Config, library: Library, listener: Listener) -> str:
    """The fingerprint of a listener's model."""
    model, key = get_model(config, library, listener)
    return _hash_model(model, key)


def _find_model(config: Config, library: Library, listener: Listener) -> ListenerModel:
    """The listener's best model, looked up again when their runs or their split change; else that of a fleet."""
    seen = [*runs_of(config.experiments_path, listener.name), split_path(library, listener.name)]
    key = (str(library.path), library.fingerprint, *_stamps(*seen))
    try:
        checkpoint = _best_checkpoint(config.experiments_path, library, listener.name, key)
    except DataError as error:
        return find_in_fleet(_open_fleet(config.fleet_results), library, listener.name, without=error)
    return TrainedModel(library, listener.name, checkpoint)


def _read_explanations(folder: Path) -> list[Explanation]:
    bring_explanations(folder)
    return _load_explanations(folder, _stamps(folder))


def _stamps(*files: Path) -> tuple[int, ...]:
    """Modification times of files; 0 for a missing one."""
    return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


@st.cache_resource(max_entries=2, show_spinner="Opening the music library …")
def _open_library(path: Path, stamps: tuple) -> Library:
    return open_library(path)


@st.cache_data(max_entries=64, show_spinner=False)
def _best_checkpoint(experiments_path: Path, _library: Library, user: str, key: tuple) -> Path:
    return best_checkpoint(experiments_path, user, library=_library)


@st.cache_resource(ttl=LOOK_S, max_entries=2, show_spinner=False)
def _open_fleet(place: Path | str) -> "Index | None":
    return open_fleet(place)


@st.cache_resource(max_entries=32, show_spinner=False)
def _load_model(_found: ListenerModel, key: tuple) -> Network:
    return _found.load()


@st.cache_data(max_entries=32, show_spinner=False)
def _recommend(_found: ListenerModel, key: tuple) -> pd.DataFrame:
    bar = st.empty()

    def show(done: int, total: int) -> None:
        bar.progress(done / total, text=f"{done} of {total} tracks scored")

    ranking = _found.recommend(progress=show)
    bar.empty()
    return ranking


@st.cache_data(max_entries=256, show_spinner=False)
def _others(_found: ListenerModel, track_id: str, key: tuple) -> tuple[float, ...]:
    return tuple(_found.relevance_of_others(track_id).tolist())


@st.cache_resource(max_entries=8, show_spinner="Loading the track …")
def _open_track(_found: ListenerModel, track_id: str, key: tuple) -> Track:
    return open_for(_found, track_id)


@st.cache_data(max_entries=64, show_spinner=False)
def _read_made(_found: ListenerModel, track_id: str, key: tuple) -> dict[str, Explanation]:
    return made_for(_found, track_id)


@st.cache_data(max_entries=64, show_spinner="The other model listens …")
def _score(_model: Network, _track: Track, key: tuple) -> float:
    return float(expit(track_logits(_model, [to_int16(mix_of_stems(_track.stems))])[0]))


@st.cache_data(max_entries=2, show_spinner=False)
def _load_explanations(folder: Path, stamps: tuple) -> list[Explanation]:
    return [one for one in load_explanations(folder) if one.baseline == SILENCE]  # the page knows no other


@st.cache_data(max_entries=64, show_spinner=False)
def _hash_model(_model: Network, key: tuple) -> str:
    return model_hash(_model)

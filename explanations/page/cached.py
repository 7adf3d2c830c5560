"""What the page shows, read once and kept: library, models, recommendations, stems."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from scipy.special import expit

from lemons.audio import to_int16
from lemons.baselines import SILENCE
from lemons.config import Config
from lemons.explaining.components import mix_of_stems
from lemons.explaining.criterion import Criterion, listed
from lemons.explaining.explanation import Explanation, load_explanations
from lemons.explaining.question import EVEN_ODDS
from lemons.hashing import model_hash
from lemons.library import Library, open_library
from lemons.listeners import Listener
from lemons.tracks import Track, open_track
from recsys.checkpoints import load_checkpoint
from recsys.data.splits import split_path
from recsys.model_runs import best_checkpoint, runs_of
from recsys.network import Network
from recsys.recommend import recommend, relevance_of_others
from recsys.relevance import track_logits

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
    """The ten most relevant test tracks; scored once, with a progress bar."""
    checkpoint = _find_checkpoint(config, library, listener)
    return _recommend(library, listener.name, checkpoint, (library.fingerprint, *_stamps(checkpoint)))


def get_model(config: Config, library: Library, listener: Listener) -> tuple[Network, tuple]:
    """A listener's model, and what names it in caches."""
    checkpoint = _find_checkpoint(config, library, listener)
    stamps = _stamps(checkpoint)
    return _load_model(checkpoint, stamps), (str(checkpoint), *stamps)


def get_case(config: Config, library: Library, listener: Listener, row: pd.Series) -> Case:
    """A recommended track, a row of `get_recommendations`, with its stems and the listener's model."""
    track_key = (str(library.path), library.fingerprint, row["track_id"])
    track = _open_track(library, row["track_id"], track_key)
    model, model_key = get_model(config, library, listener)
    return Case(
        config.explanations_path,
        listener,
        model,
        track,
        (model_key, track_key),
        title=str(row["title"]),
        about=" · ".join(filter(None, [row["artist"], row["genre"], track.credit])),
        relevance=row["relevance"],
        others=get_others(config, library, listener, row["track_id"]),
        recommended=True,
    )


def get_case_beside(config: Config, library: Library, listener: Listener, case: Case) -> Case:
    """The same track for another listener, to whom it was not recommended."""
    model, model_key = get_model(config, library, listener)
    key = (model_key, case.key[1])
    relevance, others = _score(model, case.track, key), get_others(config, library, listener, case.track.track_id)
    about = replace(case, listener=listener, model=model, key=key, recommended=False)
    return replace(about, relevance=relevance, others=others)


def get_others(config: Config, library: Library, listener: Listener, track_id: str) -> tuple[float, ...]:
    """The relevance of the other tracks that can be recommended to a listener, the largest first."""
    checkpoint = _find_checkpoint(config, library, listener)
    return _others(library, listener.name, track_id, checkpoint, (library.fingerprint, *_stamps(checkpoint)))


def get_explanations(config: Config) -> list[Explanation]:
    """All cached explanations, without their `WhatIf`; read again when there are more."""
    return _load_explanations(config.explanations_path, _stamps(config.explanations_path))


def get_explanations_of(case: Case) -> list[Explanation]:
    """The cached explanations of a track by a listener's present model."""
    model_hash = _hash_model(case.model, case.key[0])
    found = _load_explanations(case.folder, _stamps(case.folder))
    return [one for one in found if (one.track_id, one.model_hash) == (case.track.track_id, model_hash)]


def get_model_hash(config: Config, library: Library, listener: Listener) -> str:
    """The fingerprint of a listener's model."""
    model, key = get_model(config, library, listener)
    return _hash_model(model, key)


def _find_checkpoint(config: Config, library: Library, listener: Listener) -> Path:
    """The listener's best model; looked up again when their runs or their split change."""
    seen = [*runs_of(config.experiments_path, listener.name), split_path(library, listener.name)]
    key = (str(library.path), library.fingerprint, *_stamps(*seen))
    return _best_checkpoint(config.experiments_path, library, listener.name, key)


def _stamps(*files: Path) -> tuple[int, ...]:
    """Modification times of files; 0 for a missing one."""
    return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


@st.cache_resource(max_entries=2, show_spinner="Opening the music library …")
def _open_library(path: Path, stamps: tuple) -> Library:
    return open_library(path)


@st.cache_data(max_entries=64, show_spinner=False)
def _best_checkpoint(experiments_path: Path, _library: Library, user: str, key: tuple) -> Path:
    return best_checkpoint(experiments_path, user, library=_library)


@st.cache_resource(max_entries=32, show_spinner=False)
def _load_model(checkpoint: Path, stamps: tuple) -> Network:
    return load_checkpoint(checkpoint)[0]


@st.cache_data(max_entries=32, show_spinner=False)
def _recommend(_library: Library, user: str, checkpoint: Path, key: tuple) -> pd.DataFrame:
    bar = st.empty()

    def show(done: int, total: int) -> None:
        bar.progress(done / total, text=f"{done} of {total} tracks scored")

    ranking = recommend(checkpoint, _library, user, progress=show)
    bar.empty()
    return ranking


@st.cache_data(max_entries=256, show_spinner=False)
def _others(_library: Library, user: str, track_id: str, checkpoint: Path, key: tuple) -> tuple[float, ...]:
    return tuple(relevance_of_others(checkpoint, _library, user, track_id).tolist())


@st.cache_resource(max_entries=8, show_spinner="Loading the track …")
def _open_track(_library: Library, track_id: str, key: tuple) -> Track:
    return open_track(track_id, _library)


@st.cache_data(max_entries=64, show_spinner="The other model listens …")
def _score(_model: Network, _track: Track, key: tuple) -> float:
    return float(expit(track_logits(_model, [to_int16(mix_of_stems(_track.stems))])[0]))


@st.cache_data(max_entries=2, show_spinner=False)
def _load_explanations(folder: Path, stamps: tuple) -> list[Explanation]:
    return [one for one in load_explanations(folder) if one.baseline == SILENCE]  # the page knows no other


@st.cache_data(max_entries=64, show_spinner=False)
def _hash_model(_model: Network, key: tuple) -> str:
    return model_hash(_model)

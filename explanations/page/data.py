"""What the page shows, read once and kept: library, models, recommendations, stems."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
import torch

from explanations.track import Track, open_track
from lemons.config import Config
from lemons.library import Library, open_library
from lemons.listeners import Listener
from recsys.checkpoints import best_checkpoint, load_checkpoint
from recsys.recommend import recommend


@dataclass(frozen=True)
class Case:
    """A track and a listener: all that a question about them needs.

    Attributes
    ----------
    folder : Path
        where explanations are kept
    listener : Listener
        to whom it was recommended, or who is to judge it
    model : torch.nn.Module
        the listener's
    track : Track
        with its stems
    key : tuple
        names model and track, for caches
    title, about : str
        what the track is called, and what else is known of it; untrusted text
    relevance : float
        of the track for the listener, in [0, 1]
    recommended : bool
        whether it was; False for a visitor's own music
    """

    folder: Path
    listener: Listener
    model: torch.nn.Module
    track: Track
    key: tuple
    title: str
    about: str
    relevance: float
    recommended: bool

    @property
    def mix(self) -> np.ndarray:
        """The whole track."""
        return sum(self.track.stems.values())


def get_library(config: Config) -> Library:
    """The library; read again when its tables change."""
    return _open_library(config.library_path, _stamps(config.library_path, "tracks.csv", "listens.csv"))


def get_recommendations(config: Config, library: Library, listener: Listener) -> pd.DataFrame:
    """The ten tracks of largest relevance among those that training never saw; scored once, with a progress bar."""
    checkpoint = best_checkpoint(config.experiments_path, listener.name, library=library)
    return _recommend(library, listener.name, checkpoint, (library.fingerprint, *_stamps(checkpoint)))


def get_model(config: Config, library: Library, listener: Listener) -> tuple[torch.nn.Module, tuple]:
    """A listener's model, and what names it in caches."""
    checkpoint = best_checkpoint(config.experiments_path, listener.name, library=library)
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
        (*model_key, *track_key),
        title=str(row["title"]),
        about=f"{row['artist']} · {row['genre']}",
        relevance=row["relevance"],
        recommended=True,
    )


def _stamps(folder: Path, *names: str) -> tuple[int, ...]:
    """When files were changed; 0 for one that is not there."""
    files = [folder / name for name in names] or [folder]
    return tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)


@st.cache_resource(max_entries=2, show_spinner="Opening the music library …")
def _open_library(path: Path, stamps: tuple) -> Library:
    return open_library(path)


@st.cache_resource(max_entries=7, show_spinner=False)
def _load_model(checkpoint: Path, stamps: tuple) -> torch.nn.Module:
    return load_checkpoint(checkpoint)[0]


@st.cache_data(max_entries=32, show_spinner=False)
def _recommend(_library: Library, user: str, checkpoint: Path, key: tuple) -> pd.DataFrame:
    bar = st.empty()

    def show(done: int, total: int) -> None:
        bar.progress(done / total, text=f"{done} of {total} tracks heard")

    ranking = recommend(checkpoint, _library, user, progress=show)
    bar.empty()
    return ranking


@st.cache_resource(max_entries=8, show_spinner="Loading the track …")
def _open_track(_library: Library, track_id: str, key: tuple) -> Track:
    return open_track(track_id, _library)

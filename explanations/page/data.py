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
    """A track that was recommended to a listener: all that a question about it needs.

    Attributes
    ----------
    folder : Path
        where explanations are kept
    listener : Listener
        to whom it was recommended
    model : torch.nn.Module
        the listener's
    track : Track
        with its stems
    key : tuple
        names model and track, for caches
    """

    folder: Path
    listener: Listener
    model: torch.nn.Module
    track: Track
    key: tuple

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


def get_case(config: Config, library: Library, listener: Listener, track_id: str) -> Case:
    """Model and stems of a recommended track."""
    checkpoint = best_checkpoint(config.experiments_path, listener.name, library=library)
    stamps = _stamps(checkpoint)
    track_key = (str(library.path), library.fingerprint, track_id)
    track = _open_track(library, track_id, track_key)
    model = _load_model(checkpoint, stamps)
    return Case(config.explanations_path, listener, model, track, (str(checkpoint), *stamps, *track_key))


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

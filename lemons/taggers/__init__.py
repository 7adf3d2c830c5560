"""Taggers that others trained, to be explained: networks that say guitar, slow or loud of a track."""

from lemons.extras import require

require("a tagger", "torch", "librosa", extra="recommender")

from lemons.taggers.musicnn import Musicnn
from lemons.taggers.weights import LABELS, fetch_tagger, load_tagger

__all__ = ["LABELS", "Musicnn", "fetch_tagger", "load_tagger"]

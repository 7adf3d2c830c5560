"""A contrast as files: sound and numbers."""

import os
from pathlib import Path

from explanations.core.contrast import Contrast
from lemons.explaining.clips import save_clips
from lemons.tracks import Track

__all__ = ["write_contrast"]


def write_contrast(folder: str | os.PathLike, contrast: Contrast, track: Track) -> list[Path]:
    """Write what a contrast has to say, to be heard and read.

    Parameters
    ----------
    folder : path-like
        made when it is missing; older files of these names are replaced
    contrast : Contrast
        from `explanations.core.contrast.contrast_track`
    track : Track
        the track that it is about

    Returns
    -------
    list of Path
        ``top1.flac`` and ``top3.flac``, what speaks most for the first listener rather than the second,
        ``rest.flac``, and ``contrast.json``

    Raises
    ------
    ParameterError
        if it is about another track
    DataError
        if a file cannot be written
    """
    folder = Path(folder)
    clips = save_clips(folder, contrast, track.stems)
    contrast.save(folder / "contrast.json")  # last: where it is, everything is
    return [*clips.values(), folder / "contrast.json"]

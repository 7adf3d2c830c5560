"""The sound that is explained: a file, a waveform or stems, at any rate, of one channel or several."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from lemons.arguments import floats, quoted
from lemons.audio import MIN_DURATION_S, check_file_rate, check_rate, round_16_bit
from lemons.audio.level import gain_for, tell_gain
from lemons.audio.recording import Recording
from lemons.errors import DataError, ParameterError
from lemons.explaining.components import MIX, mix_of_stems
from lemons.progress import Progress
from lemons.separation import get_separator
from lemons.separation.separator import Separator
from lemons.tracks import Track, check_length, open_track

__all__ = ["RATES", "WHOLE", "at_rate", "open_sound"]

WHOLE = "sound"  # the name of the only stem of what is not separated
RATES = (8000, 96000)  # Hz, between which every browser plays; other sound is resampled to the nearer end


def open_sound(
    sound: Any,
    *,
    sr: int | None = None,
    separator: str | Separator | None = None,
    weights: str | os.PathLike | None = None,
    title: str = "",
    progress: Progress | None = None,
) -> Track:
    """Take what a caller wants to have explained.

    Parameters
    ----------
    sound : path-like, np.ndarray, dict of str to np.ndarray, or Track
        a file; a waveform (n_samples,) or (n_channels, n_samples); or stems of that shape, whose sum is the sound
    sr : int > 0
        sampling rate of a waveform or stems, in Hz; None for a file or a Track, which have their own
    separator : str, Separator or None
        takes a file or a waveform apart, see `lemons.get_separator`; None leaves it whole. Separated stems are mono,
        and those of a file, which are cached, 16 kHz
    weights : path-like or None
        of a separator that is given by its name
    title : str
        what to call it; the name of the file when empty
    progress : callable or None
        ``progress(done, total)`` while separating

    Returns
    -------
    Track
        with stems on the 16-bit grid

    Raises
    ------
    ParameterError
        if it is none of these, the rate is missing, or one is given for what has its own
    DataError
        if a file cannot be read, or the sound is silent, shorter than a second, too long, or holds NaN
    """
    if sr is not None and isinstance(sound, Track | str | os.PathLike):
        hint = "a file or a Track has its own rate, so leave it out"
        raise ParameterError(f"sr={quoted(sr)} is for waveforms and stems; {hint}")
    if isinstance(sound, Track):
        if separator is not None:
            raise ParameterError("a Track is separated already; leave the separator out")
        return sound
    if isinstance(sound, str | os.PathLike):
        path = Path(sound)
        if isinstance(separator, str):
            track = open_track(os.fspath(path), None, separator=separator, weights=weights, progress=progress)
            return replace(track, title=title or track.title)
        y, sr = _read(path)
        name, title = path.name, title or f"“{path.stem.replace('_', ' ')}”"
    else:
        y, name, title = sound, title or WHOLE, title or "this sound"
        if sr is None:
            raise ParameterError("sr=None must be the sampling rate of the sound, in Hz, such as sr=44100")
    sr = check_rate(sr)
    if isinstance(y, Mapping):
        if separator is not None:
            raise ParameterError("stems are separated already; give either stems or a separator")
        stems, made_by = dict(y), "given"
    elif separator is not None:
        separator = get_separator(separator, weights) if isinstance(separator, str) else separator
        stems, made_by = separator.separate(_floats("the sound", y), sr, progress=progress), separator.name
    else:
        stems, made_by = {WHOLE: y}, "none"
    stems, gain = _on_the_grid(_checked(stems))
    tell_gain("the sound", gain)
    track = at_rate(Track(name, title, stems, made_by, gain, sr=sr), min(max(sr, RATES[0]), RATES[1]))
    _check_mix(mix_of_stems(track.stems), track.sr)
    return track


def at_rate(track: Track, sr: int, *, mono: bool = False) -> Track:
    """A track whose stems are resampled, and averaged over channels if need be, and lie on the 16-bit grid again."""
    stems = {name: y.mean(axis=0) if mono and y.ndim == 2 else y for name, y in track.stems.items()}
    if sr != track.sr:
        stems = {name: soxr.resample(y.T, track.sr, sr).T for name, y in stems.items()}
    stems = {name: np.ascontiguousarray(round_16_bit(y)) for name, y in stems.items()}
    fields = vars(track) | {"stems": stems, "sr": sr}
    return Track(**fields)


def _floats(name: str, y: Any) -> np.ndarray:
    """A waveform (n_samples,) or (n_channels, n_samples), as floats."""
    y = floats(name, y, n_dims=2 if getattr(y, "ndim", 1) == 2 else 1)
    if y.ndim == 2 and y.shape[0] > y.shape[1]:
        raise ParameterError(f"{name} of shape {y.shape} must be (n_channels, n_samples); give its transpose")
    return y[0] if y.ndim == 2 and len(y) == 1 else y


def _read(path: Path) -> tuple[np.ndarray, int]:
    """A file at its own rate, all its channels (n_channels, n_samples) or (n_samples,)."""
    with Recording(path) as recording:
        check_file_rate(path, recording.sr)
        blocks = list(recording.blocks())
        if not blocks:
            raise DataError(f"{path} holds no audio (0 samples); choose another file")
        return np.concatenate(blocks).T, recording.sr


def _checked(stems: Mapping[Any, Any]) -> dict[str, np.ndarray]:
    if not stems:
        raise ParameterError("there are no stems; give at least one waveform by name")
    found = {}
    for name, y in stems.items():
        if not isinstance(name, str) or not name or name == MIX:
            raise ParameterError(f"stem {quoted(name)} must have a text for a name, other than {MIX!r}")
        found[name] = _floats("the sound" if name == WHOLE else f"stem {name!r}", y)
        if not np.isfinite(found[name]).all():
            raise DataError(f"{name!r} holds samples that are not numbers (NaN or infinite); export it again")
    shapes = {name: y.shape for name, y in found.items()}
    if len(set(shapes.values())) > 1:
        raise ParameterError(f"stems must be of one shape, not {shapes}; pad the shorter ones with silence")
    return found


def _on_the_grid(stems: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], float]:
    """Stems rounded to 16 bits, all scaled by one gain where their sum exceeds full scale."""
    gain = gain_for(float(np.abs(mix_of_stems(stems)).max(initial=0)))
    return {name: round_16_bit(y if gain == 1 else y * gain) for name, y in stems.items()}, gain


def _check_mix(mix: np.ndarray, sr: int) -> None:
    """As `lemons.audio.validate_audio` does, but channels may cancel each other."""
    seconds = mix.shape[-1] / sr
    if seconds < MIN_DURATION_S:
        raise DataError(f"the sound lasts {seconds:.2f} s; at least {MIN_DURATION_S:g} s is needed")
    check_length(seconds, "the sound")
    if not mix.any():
        raise DataError("the sound is silent (every sample is 0); there is nothing to explain")

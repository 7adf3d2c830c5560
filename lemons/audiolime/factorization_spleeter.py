"""Sources that Spleeter, or another of our separators, makes of a mix.

The separators are those of `lemons.separation`, Spleeter's networks among them, without TensorFlow. Their stems sum to
the mix: what Spleeter leaves of it goes to the stem "other", or to "accompaniment".
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from lemons.arguments import file_path, quoted, switch
from lemons.audiolime.factorization_base import SourceSeparationBasedFactorization
from lemons.errors import DataError, ParameterError
from lemons.segments import Segments

__all__ = ["SpleeterFactorization", "SpleeterPrecomputedFactorization"]

SPLEETER_SR = 44100  # Hz, of the stems that audioLIME kept


class SpleeterFactorization(SourceSeparationBasedFactorization):
    """Components are the stems that a separator makes of the mix, each cut into the temporal segments.

    Spleeter needs weights: ``lemons weights spleeter:5stems`` fetches them once. The order of the parameters is that of
    audioLIME.

    Parameters
    ----------
    input : str, path-like or np.ndarray [shape=(n_samples,)]
        an audio file, or a mono waveform; of a file, its mono mix at ``target_sr`` is separated
    temporal_segmentation_params : int, dict, Segments or None
        see `lemons.audiolime.compute_segments`; 1 makes whole stems the components
    composition_fn : callable or None
        what turns a mix into the model's input
    target_sr : int > 0
        sampling rate in Hz: a file is resampled to it, a waveform has it already
    model_name : str
        a separator as `lemons.separation.get_separator` names it: "spleeter:2stems", "spleeter:4stems",
        "spleeter:5stems", "demucs:htdemucs", or "hpss", which needs no weights
    weights : path-like, optional
        where its weights are, if not in their usual place
    device : str, optional
        where its networks compute, such as "cuda"; the processor by default

    Raises
    ------
    ParameterError
        if an argument is of the wrong kind, or there is no separator of that name
    DataError
        if the sound is shorter than a second, silent, or cannot be read; or the weights are damaged
    MissingWeightsError
        if there are no weights; the sentence says how to get them, and what works without
    MissingDependencyError
        if an optional package is missing

    Examples
    --------
    >>> y = np.sin(np.arange(16000, dtype=np.float32) * 0.2) / 2  # 1 s of a tone of 509 Hz
    >>> factorization = SpleeterFactorization(y, 1, None, model_name="hpss")
    >>> factorization.get_ordered_component_names()[:2]
    ['harmonic low0', 'harmonic mid0']
    >>> np.allclose(factorization.compose_model_input(), y, atol=2**-15)
    True
    """

    def __init__(
        self,
        input: str | os.PathLike | np.ndarray,
        temporal_segmentation_params: int | Mapping[str, Any] | Segments | None = None,
        composition_fn: Callable[[np.ndarray], np.ndarray] | None = None,
        target_sr: int = 16000,
        model_name: str = "spleeter:5stems",
        weights: str | os.PathLike | None = None,
        device: str | None = None,
    ):
        self.model_name = _checked_name(model_name)
        self._weights, self._device = weights, device
        super().__init__(input, target_sr, temporal_segmentation_params, composition_fn)

    def initialize_components(self) -> tuple[list[np.ndarray], list[str]]:
        """The stems of the mix and their names."""
        stems = self._separator().separate(self._original_mix, self.target_sr)
        return list(stems.values()), list(stems)

    def _separator(self):
        from lemons.separation import get_separator  # imports PyTorch where the separator needs it

        return get_separator(self.model_name, self._weights, self._device)


class SpleeterPrecomputedFactorization(SpleeterFactorization):
    """`SpleeterFactorization` of a file whose stems are kept in a folder, and separated again only when asked.

    The stems of ``music/song.mp3`` are in ``<spleeter_sources_path>/<model_name>/song.mp3.stems``, as FLAC that any
    player plays, of the file's own rate. Stems that audioLIME kept, ``song.mp3.pt``, are read as they are, without
    unpickling: Spleeter's estimates, which need not sum to the mix.

    Parameters
    ----------
    input : str or path-like
        an audio file
    temporal_segmentation_params, composition_fn, target_sr, model_name, weights, device
        see `SpleeterFactorization`; weights are needed only to separate
    spleeter_sources_path : path-like
        the folder of kept stems
    recompute : bool
        separate the file, at its own rate and in stereo, and keep its stems, in place of older ones

    Raises
    ------
    ParameterError
        if ``input`` is no file's path, there is no ``spleeter_sources_path``, or as `SpleeterFactorization`
    DataError
        if no stems of the file are kept there, or those of another file of its name; or as `SpleeterFactorization`
    MissingWeightsError, MissingDependencyError
        as `SpleeterFactorization`

    Examples
    --------
    >>> from lemons.audio import write_flac
    >>> folder = getfixture("tmp_path")
    >>> write_flac(folder / "tone.flac", np.float32([0.5, -0.5] * 8000))
    >>> def explain_later(**how):
    ...     kept = {"model_name": "hpss", "spleeter_sources_path": folder / "stems"}
    ...     return SpleeterPrecomputedFactorization(folder / "tone.flac", 1, None, **kept, **how)
    >>> explain_later(recompute=True).get_number_components() == explain_later().get_number_components() == 5
    True
    """

    def __init__(
        self,
        input: str | os.PathLike,
        temporal_segmentation_params: int | Mapping[str, Any] | Segments | None = None,
        composition_fn: Callable[[np.ndarray], np.ndarray] | None = None,
        target_sr: int = 16000,
        model_name: str = "spleeter:5stems",
        spleeter_sources_path: str | os.PathLike | None = None,
        recompute: bool = False,
        weights: str | os.PathLike | None = None,
        device: str | None = None,
    ):
        if not isinstance(input, str | os.PathLike):
            raise ParameterError(f"input={quoted(input)} must be a file's path; for a waveform, SpleeterFactorization")
        if not isinstance(spleeter_sources_path, str | os.PathLike):
            found = f"spleeter_sources_path={quoted(spleeter_sources_path)}"
            raise ParameterError(f"{found} must be the folder of kept stems; without one, take SpleeterFactorization")
        self.spleeter_sources_path = os.path.join(spleeter_sources_path, _checked_name(model_name))
        self.recompute = switch("recompute", recompute)
        super().__init__(input, temporal_segmentation_params, composition_fn, target_sr, model_name, weights, device)

    def initialize_components(self) -> tuple[list[np.ndarray], list[str]]:
        """The kept stems and their names, after separating the file if that is asked."""
        from lemons.separation import separate_file
        from lemons.separation.writing import read_stems, write_stems

        file = file_path("input", self._audio_path)
        kept = Path(self.spleeter_sources_path) / f"{file.name}.stems"
        if self.recompute:
            write_stems(separate_file(file, self._separator()), kept)
        elif not kept.is_dir():
            return _audiolimes(kept.with_suffix(".pt"), self.target_sr)
        stems = read_stems(kept, file, sr=self.target_sr)
        return list(stems.values()), list(stems)


def _checked_name(model_name: Any) -> str:
    if not isinstance(model_name, str):
        raise ParameterError(f"model_name={quoted(model_name)} must be a separator's name, such as 'spleeter:5stems'")
    return model_name


def _audiolimes(path: Path, sr: int) -> tuple[list[np.ndarray], list[str]]:
    """Stems that audioLIME kept: a pickled dictionary of (n_samples, 2) at Spleeter's rate; their mono mixes, names."""
    from lemons.separation.pickled_arrays import read_pickled_arrays

    if not path.is_file():
        hint = "pass recompute=True once to separate it"
        raise DataError(f"no stems of {path.stem} in {path.parent}; {hint}")
    stems = read_pickled_arrays(path.read_bytes(), str(path))
    if not stems or any(stem.ndim != 2 for stem in stems.values()):
        raise DataError(f"{path} holds no stems of shape (n_samples, n_channels); pass recompute=True to make it again")
    mono = [np.mean(stem, axis=1) for stem in stems.values()]
    return [soxr.resample(y, SPLEETER_SR, sr, quality="HQ") for y in mono], list(stems)

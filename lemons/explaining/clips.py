"""Explanations to listen to: the top components, and the rest of the track without them.

What is heard is what was scored: components at their true level, no normalisation, no lossy codec. Waveforms lie on
the 16-bit grid, so explanation + rest = mix, sample for sample. Stems may cancel each other in the mix, so that a
few of them are louder than all; should any clip exceed full scale, all clips of the track are scaled by one power of
two, which float32 and a 24-bit file represent exactly.

Where something else than silence sounds in place of what is off, it sounds in each clip, and is a clip of its own:
explanation + rest - off = mix.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from lemons.audio import bits_for, common_gain, write_flac
from lemons.errors import ParameterError
from lemons.explaining.component import Component, top_components
from lemons.explaining.components import MIX, mix_of_stems, stand_ins
from lemons.explaining.explained import Explained
from lemons.hashing import hash_waveforms
from lemons.segments import Segments

__all__ = ["TOP_K", "check_same_stems", "clip_masks", "clips", "mix_of", "save_clips", "stand_ins_of"]

TOP_K = 3  # components in the longer explanation, as in the paper


def clips(explanation: Explained, stems: Mapping[str, np.ndarray], *, k: int = TOP_K) -> tuple[dict, float]:
    """The sounds of an explanation.

    Parameters
    ----------
    explanation : Explanation or Contrast
        says which components
    stems : dict of str to np.ndarray [shape=(n_samples,) or (n_channels, n_samples), dtype=float32]
        the stems that were explained
    k : int > 0
        components in the longer clip

    Returns
    -------
    clips : dict of str to np.ndarray [shape of the stems, dtype=float32]
        ``"top1"``, ``f"top{k}"`` (silence when no component speaks for the track), ``"rest"``: the mix without those k,
        and ``"mix"``; where the baseline is not silence, ``"off"``, in which nothing is on; all multiplied by the gain
    gain : float
        1, or the power of two below it that keeps the loudest clip within full scale

    Raises
    ------
    ParameterError
        if other stems were explained
    """
    check_same_stems(explanation, stems)
    top = explanation.top(k)
    others = [component for component in explanation.components if component not in top]
    segments, off = explanation.segments, stand_ins_of(explanation, stems)
    sounds = {
        "top1": mix_of(top[:1], stems, segments, off),
        f"top{k}": mix_of(top, stems, segments, off),
        "rest": mix_of(others, stems, segments, off),
        "mix": mix_of_stems(stems),
    }
    if off:
        sounds["off"] = mix_of_stems(off)
    gain = common_gain(sounds.values())
    return {name: y * np.float32(gain) for name, y in sounds.items()}, gain


def save_clips(folder: str | os.PathLike, explanation: Explained, stems: Mapping[str, np.ndarray]) -> dict[str, Path]:
    """Write the clips of an explanation but the mix as FLAC: 16 bits, or 24 where the gain is not 1.

    Parameters and errors are those of `clips`; ``folder`` is made when it is missing.

    Returns
    -------
    dict of str to Path
        the file of each clip: ``top1.flac``, ``top3.flac``, ``rest.flac``, and ``off.flac`` where there is one
    """
    sounds, gain = clips(explanation, stems)
    del sounds["mix"]
    paths = {name: Path(folder) / f"{name}.flac" for name in sounds}
    for name, path in paths.items():
        write_flac(path, sounds[name], sr=explanation.sr, bits=bits_for(gain))
    return paths


def clip_masks(components: Sequence[Component], *, target: str) -> dict[str, np.ndarray]:
    """Which components are on in the clips ``top1``, ``top3`` and ``rest``, and in ``silence``: none."""
    masks = {}
    for k in (1, TOP_K):
        masks[f"top{k}"] = np.zeros(len(components), dtype=int)
        masks[f"top{k}"][[component.index for component in top_components(components, k, target=target)]] = 1
    return masks | {"rest": 1 - masks[f"top{TOP_K}"], "silence": np.zeros(len(components), dtype=int)}


def check_same_stems(explanation: Explained, stems: Mapping[str, np.ndarray]) -> None:
    """Refuse stems that are not those that were explained; see `clips` for the error."""
    if hash_waveforms(stems) != explanation.stems_hash:
        raise ParameterError(f"these stems are not those of the explanation of {explanation.track_id!r}; load its own")


def stand_ins_of(explanation: Explained, stems: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What sounds in place of each row of an explanation where it is off; empty for silence."""
    kind, segments, baseline = explanation.kind, explanation.segments, explanation.baseline
    return stand_ins(stems, kind=kind, segments=segments, baseline=baseline)


def mix_of(
    components: Iterable[Component],
    stems: Mapping[str, np.ndarray],
    segments: Segments,
    off: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:
    """The sound of components at their true level, as long as the track.

    What is in none of them is silent, or replaced by what `stand_ins` gave as ``off``.
    """
    sources, off = {MIX: mix_of_stems(stems)} | dict(stems), off or {}
    y = mix_of_stems(off) if off else np.zeros_like(sources[MIX])
    for component in components:
        source = sources[component.stem]
        switched = source - off[component.stem] if off else source
        y[..., slice(*segments.spans[component.segment])] += segments.part(switched, component.segment)
    return y

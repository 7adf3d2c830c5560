"""An explanation with its sound: what a notebook shows, plays and draws."""

import base64
import html
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lemons.arguments import one_of
from lemons.audio import flac_bytes
from lemons.explaining.clips import check_same_stems, clips
from lemons.explaining.explanation import Explanation
from lemons.tracks import Track

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Clip", "Listenable"]


@dataclass(frozen=True)
class Listenable:
    """An explanation and the sound that it is about, which together can be heard and seen.

    In a notebook it shows itself: the player with its sound, in one piece, without a server.

    Attributes
    ----------
    explanation : Explanation
        what was found; it holds no sound
    track : Track
        what was explained
    why_not_exact : str
        why mixes were scored one by one; empty where the exact engine answered

    Raises
    ------
    ParameterError
        if another track was explained

    Examples
    --------
    >>> from lemons import explain
    >>> stems = {"soft": np.full(16000, 0.1), "loud": np.full(16000, 0.3)}
    >>> why = explain(lambda y: (y**2).mean(axis=1), stems, sr=16000, kind="source", num_samples=4)
    >>> why.play("top1"), float(why.play("top1").y[0])
    (<Clip: top1, 1.0 s>, 0.29998779296875)
    """

    explanation: Explanation
    track: Track
    why_not_exact: str = ""

    def __post_init__(self):
        check_same_stems(self.explanation, self.track.stems)

    def __repr__(self) -> str:
        parts, label = f"{len(self.explanation.components)} components", self.explanation.label
        return f"<Listenable: {self.track.title}{f', “{label}”' if label else ''}, {parts}>"

    def play(self, name: str = "top3") -> "Clip":
        """A clip, which a notebook shows as a player.

        Parameters
        ----------
        name : {"top1", "top3", "rest", "mix", "off"}
            the part that speaks most for the answer, the three that do, all others, everything, or what sounds where
            everything is off (unless that is silence)

        Returns
        -------
        Clip
            at the level at which the model heard it
        """
        sounds, gain = clips(self.explanation, self.track.stems)
        return Clip(sounds[one_of("name", name, sounds)], self.explanation.sr, name, gain)

    def plot(self) -> "Figure":
        """The explanation as a picture: see `lemons.render.figure.explanation_figure`."""
        from lemons.render.figure import explanation_figure

        return explanation_figure(self.explanation, self.track.stems, title=self.track.title)

    def save(self, folder: str | os.PathLike) -> list[Path]:
        """Write sound, picture, report and numbers: see `lemons.render.export.write_explanation`."""
        from lemons.render.export import write_explanation

        return write_explanation(folder, self.explanation, self.track)

    def _repr_html_(self) -> str:
        from lemons.render.card import card_height, card_html

        page = card_html(self.explanation, self.track, note=self.why_not_exact)
        # an attribute, of one line, since Markdown would take an empty one for the end of the frame
        page = page.replace("&", "&amp;").replace('"', "&quot;").replace("\n", "&#10;")
        style = f"width: 100%; height: {card_height(self.explanation)}px; border: 0"
        return f'<div><iframe title="LEMONS" style="{style}" srcdoc="{page}"></iframe></div>'


@dataclass(frozen=True)
class Clip:
    """A sound that a notebook shows as a player, at its own level: nothing is normalised.

    Attributes
    ----------
    y : np.ndarray [shape=(n_samples,) or (n_channels, n_samples), dtype=float32]
        the samples
    sr : int
        their rate, in Hz
    name : str
    gain : float
        by which they were scaled so that no clip of the explanation exceeds full scale; 1 nearly always
    """

    y: np.ndarray
    sr: int
    name: str = ""
    gain: float = 1.0

    def __repr__(self) -> str:
        return f"<Clip: {self.name}, {self.y.shape[-1] / self.sr:.1f} s>"

    def _repr_html_(self) -> str:
        source = "data:audio/flac;base64," + base64.b64encode(flac_bytes(self.y, sr=self.sr, gain=self.gain)).decode()
        return (
            f'<figure><figcaption>{html.escape(self.name)}</figcaption><audio controls src="{source}"></audio></figure>'
        )

"""A label of a tagger explained: why does it say guitar of this track?"""

import os
from typing import Any

import numpy as np
import torch

from lemons.explaining.cache import cached_answer
from lemons.explaining.components import mix_of_stems
from lemons.explaining.criterion import chosen
from lemons.explaining.explanation import Explanation
from lemons.explaining.question import ask
from lemons.progress import Progress
from lemons.taggers import Musicnn
from lemons.tracks import Track

__all__ = ["explain_label", "label_logits"]


@torch.inference_mode()
def label_logits(tagger: Musicnn, track: Track) -> dict[str, float]:
    """What a tagger says of a track: the logit of each label, the likeliest first."""
    mix = torch.from_numpy(np.asarray(mix_of_stems(track.stems), dtype=np.float32))
    logits = tagger(mix[None])[0].tolist()
    return dict(sorted(zip(tagger.labels, logits, strict=True), key=lambda said: -said[1]))


def explain_label(
    track: Track,
    *,
    tagger: Musicnn,
    name: str,
    label: str,
    explanations_path: str | os.PathLike,
    threshold: float | str = "half the odds",
    progress: Progress | None = None,
    **asked: Any,
) -> Explanation:
    """Explain a label that a tagger gives a track; what was computed before is read from ``explanations_path``.

    Parameters
    ----------
    track : Track
        from `lemons.tracks.open_track`
    tagger : Musicnn
        from `lemons.taggers.load_tagger`
    name : str
        its name, such as ``"musicnn:MTT"``
    label : str
        one of its labels
    explanations_path : path-like
        where explanations are kept
    threshold : float or "half the odds"
        what counts as said, for the facts: half the odds of the full mix, or a probability between 0 and 1
    progress : callable or None
        see `lemons.explaining.explain.answer`
    **asked
        ``kind``, ``method`` and more of what `lemons.explaining.question.ask` takes

    Returns
    -------
    Explanation
        with the label, and the tagger's name as the listener's

    Raises
    ------
    ParameterError
        if there is no such label, or a parameter is out of range
    """
    model = tagger.only(label)
    limit = chosen(threshold, lambda: label_logits(model, track)[label])
    return cached_answer(
        explanations_path,
        ask(model, track.stems, criterion=limit, **asked),
        model,
        track.stems,
        progress=progress,
        track_id=track.track_id,
        listener=name,
        separator=track.separator,
        label=label,
    )

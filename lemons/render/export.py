"""An explanation as files: sound, picture, report and numbers."""

import os
from pathlib import Path

from lemons.explaining.clips import save_clips
from lemons.explaining.explanation import Explanation
from lemons.render.figure import draw_explanation
from lemons.render.report import write_report
from lemons.tracks import Track

__all__ = ["write_explanation"]


def write_explanation(folder: str | os.PathLike, explanation: Explanation, track: Track) -> list[Path]:
    """Write an explanation as sound, picture, report and numbers.

    Parameters
    ----------
    folder : path-like
        made when it is missing; older files of these names are replaced
    explanation : Explanation
        from `explain_track`
    track : Track
        the track that was explained

    Returns
    -------
    list of Path
        ``top1.flac``, ``top3.flac``, ``rest.flac``, ``explanation.png``, ``report.html``, the answers to other mixes
        where they are known as ``explanation.npz``, and ``explanation.json``; top3 + rest is the track, sample for
        sample (times ``explanation.gain``), and ``off.flac`` more where the baseline is not silence

    Raises
    ------
    ParameterError
        if another track was explained
    DataError
        if a file cannot be written
    """
    folder = Path(folder)
    picture, report, text = folder / "explanation.png", folder / "report.html", folder / "explanation.json"
    clips = save_clips(folder, explanation, track.stems)
    draw_explanation(explanation, track.stems, picture, title=track.title)
    write_report(report, explanation, track)
    answers = [text.with_suffix(".npz")] if explanation.what_if else []
    explanation.save(text)  # last: where it exists, the others do
    return [*clips.values(), picture, report, *answers, text]

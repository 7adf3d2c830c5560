"""One track explained from end to end: its sound, its stems, the listener's model, the answer, and the files of it."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explanations.cache import cached_explain
from explanations.clips import save_clips
from explanations.explanation import Explanation
from explanations.figure import draw_explanation
from explanations.question import N_MASKS, N_SEGMENTS, check_length
from explanations.report import write_report
from lemons.audiolime.neighborhood import Progress
from lemons.errors import DataError, ParameterError
from lemons.library import Library
from lemons.segments import Segments
from lemons.separation import get_separator
from lemons.separation.cache import separate_file
from lemons.separation.reading import AudioReader
from recsys.checkpoints import best_checkpoint, load_checkpoint


@dataclass(frozen=True)
class Track:
    """A track with its stems.

    Attributes
    ----------
    track_id : str
        its id in the library, or the name of its file
    title : str
        what to call it: title and artist, or the name of its file
    stems : dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        at 16 kHz on the 16-bit grid; their sum is the track
    separator : str
        where the stems come from: ``"given"`` by the library, or a separator's name
    gain : float
        what the sound was multiplied by; 1 unless the file exceeds full scale
    """

    track_id: str
    title: str
    stems: dict[str, np.ndarray]
    separator: str
    gain: float = 1.0


def open_track(
    name: str,
    library: Library,
    *,
    separator: str | None = None,
    weights: str | os.PathLike | None = None,
    progress: Progress | None = None,
) -> Track:
    """Find a track's sound and stems; what is separated is kept in the cache, see `lemons.separation.cache`.

    Parameters
    ----------
    name : str
        a track_id of the library, or the path of any audio file
    library : Library
        whose tracks and stems are taken
    separator : str, optional
        a separator's name; by default the library's stems (``"given"``) where it has some, else ``"hpss"``
    weights : path-like, optional
        the separator's weights; for ``"given"`` another folder of stems than the library's
    progress : callable, optional
        called as ``progress(done, total)`` while separating; may raise to cancel

    Returns
    -------
    Track

    Raises
    ------
    DataError
        if there is neither such a track nor such a file, its audio is damaged, or silent or too short to separate, or
        too long to explain, or the stems asked for are not there
    ParameterError
        if the separator is unknown, or there are weights but no separator
    MissingWeightsError, MissingDependencyError
        if the separator cannot run: no other takes its place
    """
    if weights is not None and separator is None:
        raise ParameterError(f"weights={os.fspath(weights)!r} are of no use without the name of their separator")
    if name in library.tracks.index:
        row = library.tracks.loc[name]
        track_id, title, path = name, f"“{row['title']}” by {row['artist']}", library.audio_path(name)
        if weights is None and separator in (None, "given"):
            if stems := library.stems(name):
                return Track(track_id, title, stems, "given")
            if separator:
                raise DataError(f"{library.path} has no stems of {name}; give a folder of them as weights, or use hpss")
    elif Path(name).is_file():
        track_id, title, path = Path(name).name, f"“{Path(name).stem.replace('_', ' ')}”", Path(name)
    else:
        raise DataError(
            f"{name} is neither a track of {library.path} nor an audio file; see its tracks.csv for the ids"
        )
    chosen = get_separator(separator or "hpss", weights)
    with AudioReader(path) as reader:  # before the work begins
        check_length(reader.n_samples / reader.sr, path)
    separation = separate_file(path, chosen, progress=progress)
    return Track(track_id, title, separation.load(), chosen.name, separation.report["mix_gain"])


def explain_track(
    track: Track,
    *,
    listener: str,
    kind: str,
    library: Library,
    experiments_path: str | os.PathLike,
    explanations_path: str | os.PathLike,
    method: str | None = None,
    segments: int | str | Segments = N_SEGMENTS,
    n_masks: int = N_MASKS,
    seed: int = 0,
    target: str = "probability",
    device: str = "cpu",
    progress: Progress | None = None,
) -> Explanation:
    """Explain a track with a listener's best model; what was computed before is read from ``explanations_path``.

    Parameters
    ----------
    track : Track
        from `open_track`
    listener : str
        whose model is asked
    kind, method, segments, n_masks, seed, target, progress
        see `explanations.explain.explain`
    library : Library
        that the model was trained on
    experiments_path, explanations_path : path-like
        where models are, and where explanations are kept
    device : str
        where the model runs

    Returns
    -------
    Explanation

    Raises
    ------
    ParameterError
        if the library does not know the listener, or a parameter is out of range
    DataError
        if there is no trained model of the listener
    """
    library.played(listener)  # an unknown listener is refused by name, rather than for want of a model
    model, _ = load_checkpoint(best_checkpoint(experiments_path, listener, library=library), device=device)
    return cached_explain(
        explanations_path,
        model,
        track.stems,
        kind=kind,
        method=method,
        segments=segments,
        n_masks=n_masks,
        seed=seed,
        target=target,
        progress=progress,
        track_id=track.track_id,
        listener=listener,
        separator=track.separator,
    )


def write_explanation(folder: str | os.PathLike, explanation: Explanation, track: Track) -> list[Path]:
    """Write what an explanation has to say, to be heard, seen and read.

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
        sample (times ``explanation.gain``)

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
    answers = [text.with_suffix(".npz")] if explanation.lookup else []
    explanation.save(text)  # last: where it is, everything is
    return [*clips.values(), picture, report, *answers, text]

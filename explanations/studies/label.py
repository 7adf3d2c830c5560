"""Does a tagger say guitar because of the guitar? Two truths about songs with a true stem of their guitar.

The first is about the network: what it answers to the four mixes of guitar and rest, and which component, in which
segment, speaks most for the label when all mixes are known. It is exact. The second is about the label: a network that
says guitar should say so more with the guitar than without. Where it does not, the label is wrong, not the explanation.

The songs are folders with ``guitar.ogg`` and ``song.ogg`` (the rest), as Frets on Fire has them.
"""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from lemons.audio import SAMPLE_RATE
from lemons.audio.waveform import load_with_gain
from lemons.console import run, say, say_table
from lemons.errors import DataError
from lemons.exact import ScoreTable, score_table
from lemons.taggers import Musicnn, load_tagger

__all__ = ["STEMS", "answers_to_stems", "of_label", "study"]

STEMS = ("guitar", "song")
START_S, DURATION_S = 60, 30  # of the excerpt
N_SEGMENTS = 5


def study(songs: Path, tagger: Musicnn, labels: list[str]) -> pd.DataFrame:
    """What a tagger makes of the guitar of every song.

    Parameters
    ----------
    songs : Path
        folder with a folder for each song, at any depth
    tagger : Musicnn
        from `lemons.taggers.load_tagger`
    labels : list of str
        what is asked

    Returns
    -------
    pd.DataFrame
        a row for each song and label: what `answers_to_stems` says

    Raises
    ------
    DataError
        if no song is found
    ParameterError
        if the tagger has no such label
    """
    folders = sorted(
        path.parent for path in songs.rglob(f"{STEMS[0]}.ogg") if (path.parent / f"{STEMS[1]}.ogg").exists()
    )
    if not folders:
        raise DataError(f"no song in {songs}: none of its folders has both {STEMS[0]}.ogg and {STEMS[1]}.ogg")
    rows = []
    for folder in folders:
        table = score_table(tagger.only(labels[0]), _excerpt(folder), N_SEGMENTS)
        for label in labels:  # the network is the same but for its last layer, and so is what it hears
            rows.append({"song": folder.name, "label": label, **answers_to_stems(of_label(table, tagger, label))})
    return pd.DataFrame(rows)


def of_label(table: ScoreTable, tagger: Musicnn, label: str) -> ScoreTable:
    """What the pass of another label of the same tagger says of this one."""
    return dataclasses.replace(table, pooled=dataclasses.replace(table.pooled, head=tagger.only(label).head))


def answers_to_stems(table: ScoreTable) -> dict[str, float | str]:
    """What all mixes of a guitar and a rest, in segments, say.

    Parameters
    ----------
    table : ScoreTable
        of two stems, the guitar first

    Returns
    -------
    dict
        the logits of the ``"mix"``, the ``"rest"``, the ``"guitar"`` alone and ``"silence"``; ``"gain"``, by which the
        guitar raises the answer to the mix; ``"by guitar"`` and ``"by rest"``, the Shapley values of both, segments
        summed; ``"names"``, the stem of the component that speaks most for the label by LIME over all masks; and
        ``"fidelity"`` of that line
    """
    n_segments = len(table.sounding)
    masks = [np.tile(on, n_segments) for on in ((1, 1), (0, 1), (1, 0), (0, 0))]
    mix, rest, guitar, silence = table.logits(np.stack(masks)).tolist()
    lime, shapley = table.lime(), table.shapley().reshape(n_segments, len(STEMS)).sum(axis=0)
    top = int(lime.weights.argmax())
    return {
        "mix": mix,
        "rest": rest,
        "guitar": guitar,
        "silence": silence,
        "gain": mix - rest,
        "by guitar": float(shapley[0]),
        "by rest": float(shapley[1]),
        "names": STEMS[top % len(STEMS)] if lime.weights[top] > 0 else "nothing",
        "fidelity": lime.fidelity,
    }


def _excerpt(folder: Path) -> np.ndarray:
    """The same 30 s of both stems (2, n_samples); the level of a file that exceeds full scale is its own."""
    stems = []
    for stem in STEMS:
        y, gain = load_with_gain(folder / f"{stem}.ogg")
        stems.append((y / gain)[START_S * SAMPLE_RATE : (START_S + DURATION_S) * SAMPLE_RATE])
    n_samples = min(map(len, stems))
    if n_samples < DURATION_S * SAMPLE_RATE:
        raise DataError(f"{folder} is shorter than {START_S + DURATION_S} s; leave it out")
    return np.stack(stems).astype(np.float32)


def main(
    songs: Annotated[Path, typer.Argument(help="folder of songs: each a folder with guitar.ogg and song.ogg")],
    model: Annotated[str, typer.Option(help="the tagger")] = "musicnn:MTT",
    label: Annotated[list[str] | None, typer.Option(help="what it says; may be repeated")] = None,
    csv: Annotated[Path | None, typer.Option(help="write the table there, too")] = None,
) -> None:
    """Ask whether a tagger's labels come from the guitar, in songs whose guitar is known."""
    found = study(songs, load_tagger(model), label or ["guitar", "loud"])
    say_table(found)
    for name, rows in found.groupby("label", sort=False):
        n, raised, named = len(rows), (rows["gain"] > 0).sum(), (rows["names"] == "guitar").sum()
        say(f"{name}: the guitar raises it in {raised} of {n} songs, the explanation names the guitar in {named}")
    if csv is not None:
        found.to_csv(csv, index=False)
        say(f"written to {csv}")


if __name__ == "__main__":
    run(partial(typer.run, main))

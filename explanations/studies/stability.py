"""How stable explanations are: how many components are among the top k when LIME is asked again with other masks?

The stability study of the LEMONS paper (after Mishra et al., arXiv 2005.07788): each track is explained ``repeats``
times with neighborhoods of N_s masks, and U_n counts the components that are among the top k of any repeat. U_n = k
means that every repeat told the same; more means that the seed had a say in what a listener hears. The masks are those
that audioLIME draws with seeds 0, 1, ..., as `lemons.explaining.explain` does for the method ``"lime"``, of segments
that are cut hard, as published; the model's answers come from one pass of the exact engine per track, whatever the
number of masks. The exact method itself draws nothing.

    python -m explanations.studies.stability --tracks 50 --repeats 5 --k 3 --num-samples 512,1024,2048,4096

writes a table, whose rows are kept and not computed again, and draws it.
"""

import logging
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

if __name__ == "__main__":  # before torch is imported
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

import numpy as np
import pandas as pd
import typer
from scipy.special import expit
from tqdm import tqdm

from explanations.studies.stability_figure import draw_stability
from lemons.audio import validate_audio
from lemons.audiolime.neighborhood import draw_masks
from lemons.config import read_config
from lemons.console import run
from lemons.errors import DataError, ParameterError
from lemons.exact import ScoreTable, score_table
from lemons.exact.lime import fit_lime
from lemons.exact.masks import spread
from lemons.explaining.components import mix_of_stems
from lemons.explaining.question import N_SEGMENTS
from lemons.files import atomic_path
from lemons.hashing import model_hash
from lemons.library import Library, open_library
from lemons.quality import unique_components
from lemons.tracks import open_track
from recsys.checkpoints import load_checkpoint
from recsys.data.splits import load_or_draw_split
from recsys.model_runs import best_checkpoint

__all__ = ["choose_tracks", "drawn_weights", "main", "study", "study_track"]

KEY = ["listener", "track_id", "model", "repeats", "k", "method", "num_samples"]  # of a row
COLUMNS = [*KEY, "n_components", "unique_absolute", "unique_positive"]

logger = logging.getLogger(__name__)


def drawn_weights(table: ScoreTable, *, num_samples: int, seed: int) -> np.ndarray:
    """The weights that LIME finds with this neighborhood and seed, of the components that sound (n_sounding,)."""
    masks = draw_masks(table.n_sounding, num_samples, random_state=seed)
    logits = table.logits(spread(masks, table.sounding.ravel()))
    return fit_lime(masks, expit(logits.astype(np.float64)), alpha=1.0).weights


def study_track(table: ScoreTable, *, num_samples: Sequence[int], repeats: int, k: int) -> list[dict]:
    """U_n of a track: a row for each size of neighborhood, and one for the exact method.

    Parameters
    ----------
    table : ScoreTable
        the model's answers to all masks of the track
    num_samples : sequence of int > 0
        sizes of the neighborhood
    repeats, k : int > 0
        explanations with each size, and components of each that count

    Returns
    -------
    list of dict
        the last columns of the table; the exact method's ``num_samples`` is 0, since it draws none
    """
    found = {
        ("lime", size): np.stack([drawn_weights(table, num_samples=size, seed=seed) for seed in range(repeats)])
        for size in num_samples
    }
    # the exact method takes no seed, so that all its repeats are one
    found["exact", 0] = table.lime(target="probability").weights[None, table.sounding.ravel()]
    return [
        {
            "method": method,
            "num_samples": size,
            "n_components": table.n_sounding,
            "unique_absolute": unique_components(weights, k, positive=False),
            "unique_positive": unique_components(weights, k, positive=True),
        }
        for (method, size), weights in found.items()
    ]


def choose_tracks(library: Library, listener: str, n_tracks: int) -> list[str]:
    """Tracks that a listener's model was neither trained nor chosen by: those of the test first, then strangers."""
    split = load_or_draw_split(library, listener)
    test = split.loc[split["split"] == "test", "track_id"]
    test = test[test.isin(library.tracks.index)]
    strangers = library.tracks.index.difference(split["track_id"], sort=False)
    return [*test, *strangers][:n_tracks]


def study(
    library: Library,
    *,
    experiments_path: str | os.PathLike,
    csv_path: str | os.PathLike,
    listeners: Sequence[str] | None = None,
    n_tracks: int = 50,
    num_samples: Sequence[int] = (512, 1024, 2048, 4096),
    repeats: int = 5,
    k: int = 3,
    device: str = "cpu",
) -> pd.DataFrame:
    """Study the explanations of many tracks, with a progress bar; kinds are time+source, answers probabilities.

    Parameters
    ----------
    library : Library
        that the models were trained on
    experiments_path : path-like
        where models are
    csv_path : path-like
        the table, saved after each track; what it holds of the same models is not computed again
    listeners : sequence of str, optional
        whose models; everybody of the library by default
    n_tracks : int > 0
        of each listener; see `choose_tracks`
    num_samples, repeats, k
        see `study_track`
    device : str
        where the models run

    Returns
    -------
    pd.DataFrame [columns=COLUMNS]
        the rows of this study; older ones of other models or parameters stay in the file

    Raises
    ------
    ParameterError
        if a number is out of range
    DataError
        if a listener has no model, the file is no such table, or no track can be heard
    """
    if min(n_tracks, repeats, k, *num_samples) < 1:
        given = f"tracks={n_tracks}, repeats={repeats}, k={k}, num_samples={list(num_samples)}"
        raise ParameterError(f"{given}: all of them must be at least 1")
    listeners = library.users if listeners is None else listeners
    models = {name: best_checkpoint(experiments_path, name, library=library) for name in listeners}
    cases = [(name, track_id) for name in models for track_id in choose_tracks(library, name, n_tracks)]
    rows, asked, skipped = _read(csv_path), [], []
    for listener, track_id in tqdm(cases, desc="stability", unit="track", dynamic_ncols=True):
        model, _ = load_checkpoint(models[listener], device=device)
        about = listener, track_id, model_hash(model)[:12], repeats, k
        keys = [*((*about, "lime", size) for size in num_samples), (*about, "exact", 0)]
        if not rows.keys() >= set(keys):
            try:
                stems = open_track(track_id, library).stems
                validate_audio(mix_of_stems(stems))
            except DataError as error:
                logger.warning("track %s skipped: %s", track_id, error)
                skipped.append(track_id)
                continue
            table = score_table(model, np.stack(list(stems.values())), N_SEGMENTS)
            for row in study_track(table, num_samples=num_samples, repeats=repeats, k=k):
                key = *about, row["method"], row["num_samples"]
                rows[key] = dict(zip(KEY, key, strict=True)) | row
            with atomic_path(csv_path) as temporary:
                pd.DataFrame(rows.values(), columns=COLUMNS).to_csv(temporary, index=False)
        asked += [rows[key] for key in keys]
    if skipped:
        logger.warning("%d of %d tracks skipped", len(skipped), len(cases))
    if not asked:
        raise DataError(f"none of {len(cases)} tracks of {library.files.shown} can be heard and explained")
    return pd.DataFrame(asked, columns=COLUMNS)


def _read(path: str | os.PathLike) -> dict[tuple, dict]:
    """The rows so far, by what they are about."""
    if not Path(path).exists():
        return {}
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(KEY[:3], str))[COLUMNS]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path} is no table of this study ({error}); move it away") from error
    return {tuple(row[name] for name in KEY): row for row in table.to_dict("records")}


def main(
    tracks: Annotated[int, typer.Option(help="of each listener, those of the test first")] = 50,
    repeats: Annotated[int, typer.Option(help="explanations of each track, with seeds 0, 1, ...")] = 5,
    k: Annotated[int, typer.Option(help="components of each explanation that count")] = 3,
    num_samples: Annotated[str, typer.Option(help="sizes of the neighborhood, N_s")] = "512,1024,2048,4096",
    listener: Annotated[list[str] | None, typer.Option(help="only this one; may be repeated")] = None,
    csv: Annotated[Path | None, typer.Option(help="the table; by default stability.csv beside the models")] = None,
    picture: Annotated[Path, typer.Option(help="the violin plot")] = Path("imgs/stability.png"),
    device: Annotated[str, typer.Option(help="where the models compute")] = "cpu",
) -> None:
    """Count the components that are among the top k of repeated explanations; write a table and a picture."""
    config = read_config()
    try:
        sizes = [int(number) for number in num_samples.split(",")]
    except ValueError as error:
        raise ParameterError(f"num_samples={num_samples!r} must be numbers like 512,1024") from error
    csv = csv or config.experiments_path / "stability.csv"
    found = study(
        open_library(config.library_path),
        experiments_path=config.experiments_path,
        csv_path=csv,
        listeners=listener,
        n_tracks=tracks,
        num_samples=sizes,
        repeats=repeats,
        k=k,
        device=device,
    )
    draw_stability(found, picture)
    means = found.groupby(["method", "num_samples"], sort=False)[COLUMNS[-2:]].agg(["mean", "max"])
    typer.echo(means.to_string(float_format="{:.2f}".format))
    typer.echo(f"written to {csv} and {picture}")


if __name__ == "__main__":
    run(partial(typer.run, main))

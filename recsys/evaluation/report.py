"""The report on all listeners: models and baselines side by side, each figure with its interval.

The last row is the mean over the listeners. Its interval resamples the test tracks of each listener independently and
takes the mean of the same listeners: it says how much other test tracks would change the mean, not how other listeners
would; the standard deviation over the listeners, beside it, does. Differences between the model and a baseline are
taken resample by resample on the same tracks, so that their intervals are narrower than either's. Where such an
interval is above 0, the model is better than the baseline, as far as these tracks show.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from lemons.errors import DataError
from lemons.files import atomic_path
from recsys.evaluation.evaluate import RANKERS, resampled
from recsys.ranking import CONFIDENCE, MEASURES, N_RESAMPLES, interval, measure
from recsys.tables import format_table

__all__ = ["MEAN", "REPORT_FILE", "format_report", "make_report", "write_report"]

REPORT_FILE = "report.json"
MEAN = "mean of listeners"  # in place of a name
# mean and standard deviation over the seven listeners, on their tracks of the Million Song Dataset: Melchiorre,
# Haunschmid, Schedl, Widmer, "LEMONS: Listenable Explanations for Music recOmmeNder Systems", ECIR 2021
PAPER = {"roc_auc": (0.758, 0.113), "average_precision": (0.734, 0.130)}
PAPER_SOURCE = "Melchiorre et al., ECIR 2021; seven listeners, Million Song Dataset"
DETAILED = ("model", "popularity", "mel")  # with their intervals in a terminal of 100 columns
NAME_WIDTH = 17  # characters


def make_report(scores: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every measure of every ranker for every listener and over all.

    Parameters
    ----------
    scores : dict of str to pd.DataFrame [index=track_id, columns=label and rankers]
        of each listener, as `recsys.evaluation.evaluate.read_scores` returns them

    Returns
    -------
    pd.DataFrame [columns=user, ranker, measure, value, low, high, std, n_tracks, n_played]
        the listeners in their order, then their mean, whose ``std`` is the standard deviation over the listeners. The
        rankers are those that all listeners have, and ``model-<baseline>`` for the differences

    Raises
    ------
    DataError
        if ``scores`` is empty
    """
    if not scores:
        raise DataError("there is no listener to report on; train models with `lemons train`")
    rankers = [name for name in RANKERS if all(name in table for table in scores.values())]
    values: dict[tuple[str, str, str], float] = {}
    drawn: dict[tuple[str, str, str], np.ndarray] = {}
    for user, table in scores.items():
        for ranker in rankers:
            of_ranker, redrawn = measure(table["label"], table[ranker]), resampled(table, ranker, user)
            for name in MEASURES:
                values[user, ranker, name], drawn[user, ranker, name] = float(of_ranker[name]), redrawn[name]
                if ranker != "model":
                    difference = user, f"model-{ranker}", name
                    values[difference] = values[user, "model", name] - values[user, ranker, name]
                    drawn[difference] = drawn[user, "model", name] - drawn[user, ranker, name]
    n_tracks = {user: len(table) for user, table in scores.items()}
    n_played = {user: int(table["label"].sum()) for user, table in scores.items()}
    n_tracks[MEAN], n_played[MEAN] = sum(n_tracks.values()), sum(n_played.values())
    std = {}
    for ranker, name in dict.fromkeys(key[1:] for key in values):
        each = [values[user, ranker, name] for user in scores]
        values[MEAN, ranker, name], std[MEAN, ranker, name] = float(np.mean(each)), float(np.std(each))
        drawn[MEAN, ranker, name] = np.mean([drawn[user, ranker, name] for user in scores], axis=0)
    rows = [
        (*key, value, *interval(drawn[key]), std.get(key), n_tracks[key[0]], n_played[key[0]])
        for key, value in values.items()
    ]
    columns = ["user", "ranker", "measure", "value", "low", "high", "std", "n_tracks", "n_played"]
    return pd.DataFrame(rows, columns=columns)


def write_report(folder: Path, report: pd.DataFrame) -> None:
    """Write ``report.json`` and ``report.csv``."""
    paper = {name: {"mean": mean, "std": std} for name, (mean, std) in PAPER.items()} | {"source": PAPER_SOURCE}
    rows = json.loads(report.to_json(orient="records"))
    record = {"confidence": CONFIDENCE, "n_resamples": N_RESAMPLES, "paper": paper, "rows": rows}
    with atomic_path(folder / REPORT_FILE) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n")
    with atomic_path((folder / REPORT_FILE).with_suffix(".csv")) as temporary:
        report.to_csv(temporary, index=False)


def format_report(report: pd.DataFrame, *, paper: bool = False, markdown: bool = False) -> str:
    """Format the report: as tables of at most 100 columns, or as Markdown.

    Parameters
    ----------
    report : pd.DataFrame
        from `make_report`
    paper : bool
        add the paper's figures
    markdown : bool
        Markdown tables with all intervals
    """
    rankers = [name for name in RANKERS if name in set(report["ranker"])]
    cells = {(row.user, row.ranker, row.measure): row for row in report.itertuples()}
    detailed = rankers if markdown else DETAILED
    to_text = partial(format_table, style="markdown" if markdown else "ruled")

    def cell(user: str, ranker: str, name: str) -> str:
        row = cells[user, ranker, name]
        return f"{row.value:.3f} {row.low:.2f}–{row.high:.2f}" if ranker in detailed else f"{row.value:.3f}"

    parts = []
    users = [user for user in dict.fromkeys(report["user"]) if user != MEAN]
    for name in PAPER:
        rows = [
            [
                user if markdown else _shortened(user),
                str(cells[user, "model", name].n_tracks),
                *(cell(user, ranker, name) for ranker in rankers),
            ]
            for user in [*users, MEAN]
        ]
        rows.append(["std of listeners", "", *(f"{cells[MEAN, ranker, name].std:.3f}" for ranker in rankers)])
        if paper:
            rows.append(["paper", "", "{:.3f} ± {:.3f}".format(*PAPER[name]), *[""] * (len(rankers) - 1)])
        parts.append(to_text([_label(name), "tracks", *rankers], rows))
    rows = [[_label(name), *(cell(MEAN, ranker, name) for ranker in rankers)] for name in MEASURES]
    parts.append(to_text([MEAN, *rankers], rows))
    rows = []
    for ranker in rankers[1:]:
        differences = [cells[MEAN, f"model-{ranker}", name] for name in PAPER]
        above = sum(cells[user, f"model-{ranker}", "roc_auc"].value > 0 for user in users)
        figures = [f"{row.value:+.3f} {row.low:+.2f} to {row.high:+.2f}" for row in differences]
        rows.append([ranker, *figures, f"{above} of {len(users)}"])
    head = ["model minus ...", *map(_label, PAPER), "better for (ROC-AUC)"]
    parts.append(to_text(head, rows))
    notes = f"Ranges: {CONFIDENCE:.0%} bootstrap intervals over the test tracks, {N_RESAMPLES} resamples of each class."
    parts.append(f"{notes}\nPaper: {PAPER_SOURCE}; mean ± std of listeners." if paper else notes)
    return "\n\n".join(parts)


def _label(name: str) -> str:
    for short, label in (("roc_auc", "ROC-AUC"), ("ndcg", "nDCG"), ("mrr", "MRR"), ("_", " ")):
        name = name.replace(short, label)
    return name


def _shortened(name: str) -> str:
    """A listener's id may have forty characters."""
    return name if len(name) <= NAME_WIDTH else name[: NAME_WIDTH - 1] + "…"

"""The experiments: every training and evaluation that was recorded, as a table; one of them in curves and numbers."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pandas as pd
import streamlit as st

from explanations.page.keys import key_of
from explanations.page.run_details import draw_run, number_of, result_of
from lemons.config import Config
from lemons.render.words import capitalized, plain
from recsys.records.read import DIED, EVALUATION, RUNNING, TRAINING, RecordedRun, read_runs

__all__ = ["KINDS", "draw_experiments"]

EVERYBODY = ""  # no listener has this name
KINDS = {"All": None, "Trainings": TRAINING, "Evaluations": EVALUATION}
MARKS = {"completed": "✓", RUNNING: "●", DIED: "⚠", "failed": "✗", "interrupted": "■"}
LOOK_S = 5.0  # a run in progress is read again
MAX_SKIPPED = 50


def draw_experiments(config: Config) -> None:
    """Draw the page of experiments.

    Parameters
    ----------
    config : Config
        whose ``experiments_path`` holds the records
    """
    st.header("Experiments", anchor="experiments")
    runs, skipped = read_runs(config.experiments_path)
    if skipped:
        were = "record was" if len(skipped) == 1 else "records were"
        with st.expander(f"{len(skipped)} {were} left out", icon=":material/warning:"):
            st.markdown("\n".join(f"- {plain(line)}" for line in skipped[:MAX_SKIPPED]))
    if not runs:
        command = "`python recsys/experiment.py with user_name=marko`"
        st.info(f"No run has been recorded yet; {command} trains a model, `lemons train` one for every listener.")
        return
    st.caption("Every recorded training and evaluation, the newest first. Choose one by the circle before it.")
    chosen = _choose_run(runs)
    if chosen is None:
        st.info("No run is of this kind.")
        return
    if chosen.status == RUNNING:
        st.fragment(_watch_run, run_every=LOOK_S)(config.experiments_path, chosen)
    else:
        draw_run(chosen)


def _choose_run(runs: Sequence[RecordedRun]) -> RecordedRun | None:
    """Draw filters and table; return the chosen run, at first the newest."""
    with st.container(horizontal=True, key="run-filters"):
        kind = st.segmented_control("What", list(KINDS), default="All", required=True, key="run-kind")
        users = [EVERYBODY, *sorted({run.user for run in runs if run.user})]
        user = st.selectbox("Listener", users, format_func=lambda user: user or "Everybody", key="run-user", width=220)
    runs = [run for run in runs if KINDS[kind] in (None, run.kind) and user in (EVERYBODY, run.user)]
    if not runs:
        return None
    event = st.dataframe(
        _table(runs),
        # another selection for other rows: a number of a row says nothing of a table that has changed
        key=key_of("runs", kind, user, runs[0].number, str(len(runs))),
        hide_index=True,
        height="auto" if len(runs) <= 10 else 388,
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [0]}},
        column_config={
            "number": st.column_config.TextColumn("Run", width=48),
            "user": st.column_config.TextColumn("Listener"),
            "kind": st.column_config.TextColumn("What"),
            "status": st.column_config.TextColumn("Status"),
            "started": st.column_config.DatetimeColumn("Started", format="YYYY-MM-DD HH:mm"),
            "duration": st.column_config.NumberColumn(
                "Duration", format="localized", help="Until it ended, or until its last sign of life."
            ),
            "schedule": st.column_config.TextColumn("Schedule", width=140),
            "roc_auc": st.column_config.NumberColumn(
                "ROC-AUC", format="%.3f", help="Trainings: best on validation tracks. Evaluations: on test tracks."
            ),
            "average_precision": st.column_config.NumberColumn("AP", format="%.3f", help="Average precision."),
            "result": st.column_config.TextColumn("Result"),
        },
        alt="The recorded runs, the newest first",
    )
    rows = [row for row in event["selection"]["rows"] if row < len(runs)]
    return runs[rows[0] if rows else 0]


def _table(runs: Sequence[RecordedRun]) -> pd.DataFrame:
    rows = [
        {
            "number": run.number,
            "user": capitalized(run.user),
            "kind": run.kind,
            "status": f"{MARKS.get(run.status, '?')} {run.status}",
            # on the clock of this machine, as files are named
            "started": run.started.astimezone().replace(tzinfo=None),
            "duration": timedelta(seconds=round(run.seconds)),
            "schedule": _schedule(run),
            "roc_auc": number_of(run.scores, "roc_auc"),
            "average_precision": number_of(run.scores, "average_precision"),
            "result": result_of(run),
        }
        for run in runs
    ]
    return pd.DataFrame(rows)


def _schedule(run: RecordedRun) -> str:
    if run.kind != TRAINING:
        return ""
    return f"{run.config.get('n_epochs', '?')} epochs, {run.config.get('schedule', '?')}"


def _watch_run(experiments_path: Path, chosen: RecordedRun) -> None:
    """Draw a run in progress; rerun the whole page when it has ended."""
    now = {run.folder: run for run in read_runs(experiments_path)[0]}
    run = now.get(chosen.folder, chosen)  # half-written at this very moment: as it was
    if run.status != RUNNING:
        st.rerun()
    draw_run(run)
    st.caption(f"Looked at again every {LOOK_S:.0f} seconds.")

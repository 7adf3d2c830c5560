"""One run of the experiments: how it went, its curves, its parameters, and where it comes from."""

import shlex
from typing import Any

import pandas as pd
import streamlit as st

from lemons.config import ROOT
from lemons.errors import DataError
from lemons.render.words import capitalized, plain, sentence
from recsys.records.read import DIED, EVALUATION, PROGRAMS, RUNNING, TRAINING, RecordedRun, as_dict, read_curves

__all__ = ["MEASURES", "RANKERS", "draw_run", "number_of", "result_of"]

LOSSES = {"train.avg_loss": "training", "val.loss": "validation"}
MEASURES = {"val.roc_auc": "ROC-AUC", "val.average_precision": "average precision"}
BLUE, ORANGE = "#2e8bc9", "#cb7700"  # distinct for every kind of colour vision; 3:1 on either theme's ground
RANKERS = {
    "model": "the model",
    "popularity": "popularity",
    "mel": "mean mel bands",
    "loudness": "loudness",
    "tempo": "tempo",
}


def draw_run(run: RecordedRun) -> None:
    """Draw one run."""
    of = f", {plain(capitalized(run.user))}" if run.user else ""
    st.subheader(f"Run {plain(run.number)}: {plain(run.kind)}{of}", anchor=False)
    st.markdown(_about(run))
    values = {"ROC-AUC": "roc_auc", "Average precision": "average_precision", "Loss": "loss"}
    with st.container(horizontal=True, gap="small"):
        for label, name in values.items():
            value = number_of(run.scores, name)
            st.metric(label, "–" if value is None else f"{value:.3f}", border=True, width=165)
    if run.kind == TRAINING:
        _draw_curves(run)
    if run.kind == EVALUATION:
        _draw_rankers(run)
    with st.expander("Parameters"):
        hidden = ("__doc__", "seed")  # sacred's own; our seeds have names
        _draw_facts({name: value for name, value in sorted(run.config.items()) if name not in hidden})
    with st.expander("Where it comes from"):
        _draw_facts(_provenance(run))
        program = str(run.record["experiment"]["mainfile"])
        if program in PROGRAMS:
            config = run.folder / "config.json"
            config = config.relative_to(ROOT) if config.is_relative_to(ROOT) else config
            st.caption("The same run again:")
            st.code(f"python {program} with {shlex.quote(str(config))}", language="shell", wrap_lines=True)


def result_of(run: RecordedRun) -> str:
    """How a run ended, or its progress, in words."""
    if run.error:
        return run.error
    if run.kind == EVALUATION:
        return f"{run.scores['n_tracks']} test tracks" if "n_tracks" in run.scores else ""
    if run.kind != TRAINING:
        return ""
    if run.status == "completed":
        return f"best in epoch {run.scores['epoch']}" if "epoch" in run.scores else ""
    where = "in" if run.status == RUNNING else "ended in"
    return f"{where} epoch {run.epoch + 1} of {run.config.get('n_epochs', '?')}"


def _about(run: RecordedRun) -> str:
    """How the run went, in a sentence or two; Markdown."""
    took = _lasting(run.seconds)
    if run.status == RUNNING:
        return f"Going on for {took} by now. {plain(capitalized(result_of(run)))}".rstrip()
    if run.status == DIED:
        text = f"Its last sign of life came after {took}, and it never said that it ended: it was killed, most likely."
        again = " The same command resumes it, under a new number."
        return text + again * (run.kind == TRAINING)
    text = f"{plain(capitalized(run.status))} after {took}."
    if run.error:
        text += f" {plain(run.error)}"
    elif run.kind == TRAINING and run.scores:
        text += (
            f" Its model is that of epoch {plain(str(run.scores.get('epoch', '?')))}, the best on validation tracks."
        )
    elif run.kind == EVALUATION and "n_tracks" in run.scores:
        n_tracks, n_played = (plain(str(run.scores.get(name, "?"))) for name in ("n_tracks", "n_played"))
        text += f" On {n_tracks} test tracks, {n_played} of them played."
    if "resumed" in run.info:
        text += " It took up a run that had been interrupted."
    return text


def _draw_curves(run: RecordedRun) -> None:
    """Losses and measures by epoch, side by side."""
    try:
        curves = read_curves(run)
    except DataError as error:
        st.warning(sentence(str(error)), icon=":material/warning:")
        return
    losses, measures = (curves[curves["name"].isin(names)] for names in (LOSSES, MEASURES))
    # the numbers reach the browser after the chart; without domains Vega would warn that it has none to look at
    x = [0, max([1, *losses["step"], *measures["step"]])]
    left, right = st.columns(2, gap="medium")
    with left:
        _draw_chart(losses, LOSSES, title="Loss", x=x, y=[0.0, max([0.1, *losses["value"]])])
    with right:  # random scores reach about 0.5 by either measure: half of the tracks were played
        _draw_chart(measures, MEASURES, title="On validation tracks", x=x, y=[min([0.5, *measures["value"]]), 1.0])


def _draw_chart(points: pd.DataFrame, names: dict[str, str], *, title: str, x: list[int], y: list[float]) -> None:
    """Lines over epochs; ``x`` and ``y`` are the ends of the axes."""
    st.markdown(f"**{title}**")
    if points.empty:
        st.caption("Nothing yet.")
        return
    points = points.assign(curve=points["name"].map(names))
    spec = {
        "mark": {"type": "line", "point": {"size": 36}, "strokeWidth": 2},  # a line of one epoch is only a point
        "encoding": {
            "x": {"field": "step", "type": "quantitative", "title": "epoch", "scale": {"domain": x}},
            "y": {"field": "value", "type": "quantitative", "title": None, "scale": {"domain": y, "nice": True}},
            "color": {
                "field": "curve",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(names.values()), "range": [BLUE, ORANGE]},
                "legend": {"orient": "top", "offset": 8, "padding": 0},
            },
            "tooltip": [
                {"field": "curve", "title": " "},
                {"field": "step", "title": "epoch"},
                {"field": "value", "title": "value", "format": ".3f"},
            ],
        },
    }
    last = points.groupby("curve", sort=False)["value"].last()
    alt = f"{title} by epoch; at last " + ", ".join(f"{curve} {value:.3f}" for curve, value in last.items())
    st.vega_lite_chart(points, spec, height=300, alt=alt)


def _draw_rankers(run: RecordedRun) -> None:
    """The model beside the baselines."""
    measures = as_dict(run.scores.get("measures"))
    rows = [
        [label, *(_with_interval(measures[name], measure) for measure in ("roc_auc", "average_precision"))]
        for name, label in RANKERS.items()
        if name in measures
    ]
    if rows:
        columns = ["Ranked by", "ROC-AUC", "Average precision"]
        st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, alt="Measures of the model and of baselines")
        st.caption("In brackets: 95 % bootstrap intervals over the test tracks.")


def _with_interval(measures: Any, name: str) -> str:
    found = as_dict(as_dict(measures).get(name))
    value, low, high = (number_of(found, key) for key in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return "–"
    return f"{value:.3f} ({low:.2f} to {high:.2f})"


def _provenance(run: RecordedRun) -> dict[str, Any]:
    """What a result depends on beside its parameters."""
    host, library, split = map(as_dict, (run.record.get("host"), run.info.get("library"), run.info.get("split")))
    packages = run.record["experiment"].get("dependencies")
    packages = map(str, packages if isinstance(packages, list) else ())
    versions = [package for package in packages if package.startswith(("torch==", "numpy==", "lemons-"))]
    return {
        "commit": f"{run.commit} (+: with changes)" if run.commit.endswith("+") else run.commit,
        "library": library.get("path"),
        "library's fingerprint": library.get("fingerprint"),
        "split's fingerprint": split.get("fingerprint"),
        "tracks": ", ".join(f"{split[part]} {part}" for part in ("train", "val", "test") if part in split),
        "model": run.info.get("model"),
        "threads": run.info.get("threads"),
        "packages": ", ".join(versions),
        "Python": host.get("python_version"),
        "machine": host.get("hostname"),
        "processor": host.get("cpu"),
        "record": str(run.folder),
    }


def _draw_facts(facts: dict[str, Any]) -> None:
    """Names and values as a table, in which nothing of the files is taken for Markdown."""
    rows = [(name, str(value)) for name, value in facts.items() if value not in (None, "")]
    st.dataframe(
        pd.DataFrame(rows, columns=["name", "value"]),
        hide_index=True,
        height="content",
        column_config={
            "name": st.column_config.TextColumn("Name"),
            "value": st.column_config.TextColumn("Value", width="large"),
        },
        alt="Names and values",
    )


def _lasting(seconds: float) -> str:
    """A duration, in its two largest units.

    >>> _lasting(34.2), _lasting(172), _lasting(7300)
    ('34 s', '2 min 52 s', '2 h 1 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def number_of(scores: dict[str, Any], name: str) -> float | None:
    """A finite number, or None for anything else that a file may hold."""
    value = scores.get(name)
    return float(value) if isinstance(value, int | float) and abs(value) < float("inf") else None

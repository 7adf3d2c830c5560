"""Third step: which kind of explanation? And computing it, with progress, unless it is known already."""

import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
import torch

from explanations.cache import cached_explain, explanation_path
from explanations.explanation import Explanation, load_explanation
from explanations.page.data import Case
from explanations.page.jobs import Job
from explanations.page.words import duration, listing, parts_of, plain
from explanations.question import N_MASKS, N_SEGMENTS, cut, exact_work
from lemons.audio import SAMPLE_RATE
from lemons.errors import ParameterError

KINDS = {  # kind: its name, the question that it answers
    "time": ("Time", "Which moments made the difference? The track is cut into {n_segments} stretches of time."),
    "source": ("Source", "Which {parts} made the difference? The track is taken apart into {stems}."),
    "time+source": (
        "Time + source",
        "Which {parts}, and when? Each of {stems} is cut into {n_segments} stretches of time.",
    ),
}
SEGMENTS = N_SEGMENTS  # what `explain` cuts time into
WAYS = {  # name: options of `explain`
    "Every mix": {},  # the exact method, where it applies
    "256 mixes": {"method": "lime", "n_masks": 256},
    "2048 mixes, as in the paper": {"method": "lime", "n_masks": N_MASKS},
}
PROBE_S = 10  # what the model hears to find out how fast it listens
N_HELD_OUT = 128  # mixes beyond the neighbourhood, to judge the explanation by
POLL_S = 0.4


@dataclass(frozen=True)
class Plan:
    """What answering a question means.

    Attributes
    ----------
    options : dict
        of `explanations.explain.explain`
    path : Path
        where the answer is kept
    exact : bool
        whether one pass answers for every mix
    work : float
        how many times the model has to hear the track, in computation
    """

    options: dict
    path: Path
    exact: bool
    work: float


def choose_question(case: Case) -> dict:
    """Draw the choice of a kind and, where it matters, of the mixes; return them as options of `explain`."""
    st.header("3 · Ask why", anchor="why")
    kind = st.segmented_control(
        "What shall the explanation be made of?",
        list(KINDS),
        default="source",
        required=True,
        format_func=lambda kind: KINDS[kind][0],
        key="kind",
    )
    stems = case.track.stems
    n_segments = len(cut(stems, kind="time", segments=SEGMENTS))
    words = {"parts": parts_of(case.track.separator), "stems": listing(list(stems)), "n_segments": n_segments}
    st.caption(plain(KINDS[kind][1].format(**words)))
    way = next(iter(WAYS))
    if kind == "time+source":  # the others have few mixes
        n_mixes = f"{2 ** (len(stems) * n_segments):,}".replace(",", " ")
        way = st.segmented_control(
            "How many mixes shall be asked about?",
            list(WAYS),
            default=way,
            required=True,
            key="way",
            help=f"{len(stems)} parts in {n_segments} stretches of time make {n_mixes} mixes. One exact pass answers "
            "for all of them; audioLIME, as published, draws some at random and hears each.",
        )
    return {"kind": kind, "segments": SEGMENTS, **WAYS[way]}


def answer_question(case: Case, options: dict) -> Explanation | None:
    """The explanation, when it is known; else draw the button that computes it, or the progress of that."""
    plan = _plan(case.folder, case.model, case.track.stems, case.key, options)
    if st.session_state.get("job_path") != plan.path:  # who asks something else does not want the old answer any more
        forget_job()
    job = st.session_state.get("job")
    if job is not None and not job.watch():
        forget_job()
        if job.error:
            raise job.error
    if plan.path.is_file():
        _say_when(plan.path)
        return load_explanation(plan.path)
    if "job" in st.session_state:
        _show_progress(plan.exact)
        return None
    # not by a callback: a click while the page still changes must ask what the page then shows
    what = "recommendation" if case.recommended else "relevance"
    if st.button(f"Explain this {what}", key="explain", type="primary"):
        _start(case, plan)
        st.rerun()
    seconds = plan.work * seconds_per_mix(case.model, len(case.mix))
    what = "One pass answers for every mix" if plan.exact else f"The model will hear {plan.work:.0f} mixes"
    st.caption(f"{what}: about {duration(seconds)} on this machine.")
    return None


def seconds_per_mix(model: torch.nn.Module, n_samples: int) -> float:
    """How long the model listens to one mix on this machine."""
    return n_samples * _seconds_per_sample(model)


@st.cache_resource(show_spinner=False)
def _seconds_per_sample(_model) -> float:
    """Measured once."""
    y = torch.zeros(1, PROBE_S * SAMPLE_RATE)
    with torch.inference_mode():
        _model(y[:, :SAMPLE_RATE])  # the first call is slow
        started = time.perf_counter()
        _model(y)
    return (time.perf_counter() - started) / y.shape[1]


@st.cache_data(max_entries=256, show_spinner=False)
def _plan(folder: Path, _model, _stems, key: tuple, options: dict) -> Plan:
    path = explanation_path(folder, _model, _stems, **options)
    kind = options["kind"]
    segments = cut(_stems, kind=kind, segments=options["segments"])
    if "method" not in options:
        try:
            return Plan(options, path, True, exact_work(_model, _stems, kind=kind, segments=segments))
        except ParameterError:  # the method does not apply, such as to short segments
            pass
    n_components = len(segments) * (1 if kind == "time" else len(_stems))
    return Plan(options, path, False, min(2**n_components, options.get("n_masks", N_MASKS) + N_HELD_OUT))


def _start(case: Case, plan: Plan) -> None:
    def work(progress):
        cached_explain(
            case.folder,
            case.model,
            case.track.stems,
            **plan.options,
            progress=progress,
            track_id=case.track.track_id,
            listener=case.listener.name,
            separator=case.track.separator,
        )

    st.session_state["job"] = Job(work)
    st.session_state["job_path"] = plan.path
    st.session_state.setdefault("computed", set()).add(plan.path)


def forget_job() -> None:
    """Nobody waits for the answer any more."""
    if job := st.session_state.pop("job", None):
        job.cancel()
    st.session_state.pop("job_path", None)


@st.fragment(run_every=POLL_S)
def _show_progress(exact: bool) -> None:
    job = st.session_state.get("job")
    if job is None or not job.watch():
        st.rerun()  # the whole page: it was cancelled, or it is done
    left = job.seconds_left()
    text = "Listening to the first mixes …"
    if left is not None:
        done = f"{job.done} %" if exact else f"{job.done} of {job.total} mixes heard"
        text = f"{done} · about {duration(left)} left"
    st.progress(job.done / job.total if job.total else 0.0, text=text)
    st.button("Cancel", key="cancel", on_click=forget_job)


def _say_when(path: Path) -> None:
    if path in st.session_state.get("computed", ()):
        st.badge("computed just now", icon=":material/bolt:", color="green")
    else:
        st.badge("computed ahead, ready to play", icon=":material/inventory_2:", color="primary")

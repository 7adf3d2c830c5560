"""Third step: which kind of explanation? And computing it, with progress, unless it is known already."""

import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from explanations.cache import cached_explain, explanation_path
from explanations.explanation import Explanation, load_explanation
from explanations.page.data import Case
from explanations.page.jobs import Job
from explanations.page.words import duration

KINDS = {  # kind: name, the question that it answers
    "time": ("Time", "Which moments made the difference? The track is cut into five stretches of time."),
    "source": ("Source", "Which instruments made the difference? The track is taken apart into its instruments."),
    "time+source": (
        "Time + source",
        "Which instruments, and when? Each instrument is cut into five stretches of time.",
    ),
}
N_MASKS = {256: "Fast: 256", 2048: "As in the paper: 2048"}
N_HELD_OUT = 128  # mixes beyond the neighbourhood, to judge the explanation by
N_SEGMENTS = 5
POLL_S = 0.4


@dataclass(frozen=True)
class Question:
    """What is asked about a track: the kind of its components, and how many mixes are drawn to find out."""

    kind: str
    n_masks: int

    def n_mixes(self, n_stems: int) -> int:
        """About how many mixes the model has to hear: no mix is heard twice."""
        n_components = {"time": N_SEGMENTS, "source": n_stems, "time+source": N_SEGMENTS * n_stems}[self.kind]
        return min(2**n_components, self.n_masks + N_HELD_OUT)


def choose_question() -> Question:
    """Draw the choice of a kind; say which answers are ready."""
    st.header("3 · Ask why", anchor="why")
    kind = st.segmented_control(
        "What shall the explanation be made of?",
        list(KINDS),
        default="source",
        required=True,
        format_func=lambda kind: KINDS[kind][0],
        key="kind",
    )
    st.caption(KINDS[kind][1])
    n_masks = max(N_MASKS)
    if kind == "time+source":
        n_masks = st.segmented_control(
            "How many mixes shall the model hear?",
            list(N_MASKS),
            default=min(N_MASKS),
            required=True,
            format_func=N_MASKS.get,
            key="n_masks",
            help="Components are switched on and off at random, and each mix is scored. More mixes, steadier weights.",
        )
    return Question(kind, n_masks)


def answer_question(case: Case, question: Question) -> Explanation | None:
    """The explanation, when it is known; else draw the button that computes it, or the progress of that."""
    path = _path(case, question)
    _drop_other_job(path)
    job = st.session_state.get("job")
    if job is not None and not job.watch():
        _forget_job()
        if job.error:
            raise job.error
    if path.is_file():
        _say_when(path)
        return load_explanation(path)
    if "job" in st.session_state:
        _show_progress()
        return None
    # not by a callback: a click while the page still changes must ask what the page then shows
    if st.button("Explain this recommendation", key="explain", type="primary"):
        _start(case, question, path)
        st.rerun()
    n_mixes = question.n_mixes(len(case.track.stems))
    seconds = n_mixes * seconds_per_mix(case.model, len(case.mix))
    st.caption(f"The model will hear {n_mixes} mixes of this track: about {duration(seconds)} on this machine.")
    return None


@st.cache_resource(show_spinner=False)
def seconds_per_mix(_model, n_samples: int) -> float:
    """How long the model listens to one mix on this machine; measured once."""
    import torch

    y = torch.zeros(1, n_samples)
    with torch.inference_mode():
        _model(y[:, :16000])  # warm up
        started = time.perf_counter()
        _model(y)
    return time.perf_counter() - started


def _path(case: Case, question: Question) -> Path:
    return _cached_path(case.folder, case.model, case.track.stems, case.key, question.kind, question.n_masks)


@st.cache_data(max_entries=256, show_spinner=False)
def _cached_path(folder: Path, _model, _stems, key: tuple, kind: str, n_masks: int) -> Path:
    return explanation_path(folder, _model, _stems, kind=kind, method="lime", n_masks=n_masks)


def _start(case: Case, question: Question, path: Path) -> None:
    def work(progress):
        cached_explain(
            case.folder,
            case.model,
            case.track.stems,
            kind=question.kind,
            method="lime",
            n_masks=question.n_masks,
            progress=progress,
            track_id=case.track.track_id,
            listener=case.listener.name,
            separator=case.track.separator,
        )

    st.session_state["job"] = Job(work)
    st.session_state["job_path"] = path
    st.session_state.setdefault("computed", set()).add(path)


def _forget_job() -> None:
    if job := st.session_state.pop("job", None):
        job.cancel()
    st.session_state.pop("job_path", None)


def _drop_other_job(path: Path) -> None:
    """Who asks something else does not want the old answer any more."""
    if st.session_state.get("job_path") not in (None, path):
        _forget_job()


@st.fragment(run_every=POLL_S)
def _show_progress() -> None:
    job = st.session_state.get("job")
    if job is None or not job.watch():
        st.rerun()
    left = job.seconds_left()
    text = "Listening to the first mixes …"
    if left is not None:
        text = f"{job.done} of {job.total} mixes heard · about {duration(left)} left"
    st.progress(job.done / job.total if job.total else 0.0, text=text)
    if st.button("Cancel", key="cancel", on_click=_forget_job):
        st.rerun()


def _say_when(path: Path) -> None:
    if path in st.session_state.get("computed", ()):
        st.badge("computed just now", icon=":material/bolt:", color="green")
    else:
        st.badge("computed ahead, ready to play", icon=":material/inventory_2:", color="primary")

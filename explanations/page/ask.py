"""Third step: choosing a kind of explanation, and computing it with progress unless it is cached."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
import torch

from explanations.page import address
from explanations.page.cached import Case, get_explanations_of
from explanations.page.jobs import Job, begin_job, duration, find_job
from explanations.page.keys import key_of
from lemons.audio import SAMPLE_RATE
from lemons.explaining.cache import answer_path, cached_answer, find_explanation
from lemons.explaining.criterion import Criterion
from lemons.explaining.explanation import Explanation
from lemons.explaining.question import N_MASKS, N_SEGMENTS, Question
from lemons.explaining.question import ask as ask_model
from lemons.explaining.what_if import WhatIf
from lemons.render.words import listing, parts_of, plain
from lemons.segments import Segments

__all__ = [
    "KINDS",
    "MAX_SEED",
    "METHODS",
    "Asked",
    "answer_question",
    "ask",
    "choose_options",
    "find_what_if",
    "forget_jobs",
]

KINDS = {  # kind: its name, the question that it answers
    "time": ("Time", "Which moments made the difference? The track is cut into {n_segments} stretches of time."),
    "source": ("Source", "Which {parts} made the difference? The track is taken apart into {stems}."),
    "time+source": (
        "Time + source",
        "Which {parts}, and when? Each of {stems} is cut into {n_segments} stretches of time.",
    ),
}
METHODS = {  # as the address has it: what the page calls it, options of `lemons.explaining.question.ask`
    "exact": ("Every mix", {}),  # the exact method, where it applies
    "lime-256": ("256 mixes", {"method": "lime", "n_masks": 256}),
    "lime-2048": ("2048, as in the paper", {"method": "lime", "n_masks": N_MASKS}),
}
USUAL_KIND = "time+source"  # says which instrument, and when
MAX_SEED = 10**6
PROBE_S = 10  # of silence, on which the model's speed is measured
POLL_S = 0.4


@dataclass(frozen=True)
class Asked:
    """A track, a listener and what is asked about them.

    Attributes
    ----------
    case : Case
        track and listener
    question : Question
        about the listener's model and the track's stems
    path : Path
        where the answer is kept
    """

    case: Case
    question: Question
    path: Path

    @property
    def exact(self) -> bool:
        """Whether one pass answers for every mix."""
        return self.question.method == "exact"


def choose_options(case: Case) -> dict[str, Any]:
    """Draw the choice of a kind and, where it matters, of the mixes; return them as what `_ask` takes."""
    st.header("3 · Ask why", anchor="why")
    kind = st.segmented_control(
        "What shall the explanation be made of?",
        list(KINDS),
        default=address.recall("kind", list(KINDS), _best_kind(case)),
        required=True,
        format_func=lambda kind: KINDS[kind][0],
        key=address.key("kind"),
        on_change=address.act,
    )
    stems = case.track.stems
    words = {"parts": parts_of(case.track.separator), "stems": listing(list(stems)), "n_segments": N_SEGMENTS}
    st.caption(plain(KINDS[kind][1].format(**words)))
    options: dict[str, Any] = {"kind": kind, "segments": N_SEGMENTS}
    if kind != "time+source":  # the others have few mixes
        address.remember(kind=kind, method=None, seed=None)
        return options
    with st.container(horizontal=True, vertical_alignment="bottom", key="method-row"):
        n_mixes = f"{2 ** (len(stems) * N_SEGMENTS):,}".replace(",", " ")
        method = st.segmented_control(
            "How many mixes shall be asked about?",
            list(METHODS),
            default=address.recall("method", list(METHODS), "exact"),
            required=True,
            format_func=lambda method: METHODS[method][0],
            key=address.key("method"),
            on_change=address.act,
            help=f"{len(stems)} parts in {N_SEGMENTS} stretches of time make {n_mixes} mixes. One exact pass answers "
            "for all of them; audioLIME, as published, samples some and scores each.",
        )
        options |= METHODS[method][1]
        if "method" in options:
            seed = address.recall_number("seed", 0, least=0, most=MAX_SEED)
            options["seed"] = st.number_input(
                "Seed",
                0,
                MAX_SEED,
                seed,
                key=address.key("seed"),
                on_change=address.act,
                width=120,
                help="Another seed draws other mixes.",
            )
    address.remember(kind=kind, method=method if "method" in options else None, seed=options.get("seed"))
    return options


def ask(cases: Sequence[Case], options: dict[str, Any]) -> list[Asked]:
    """The same question about each case; jobs of earlier questions are cancelled."""
    asked = [_ask(case, options) for case in cases]
    forget_jobs(keep=[one.path for one in asked])
    return asked


def answer_question(asked: Asked) -> Explanation | None:
    """The explanation if it is cached; else draw the button that computes it, or its progress.

    One that a fleet made is returned as long as there is no other. It does not have the answers to other mixes, which
    the button computes, too.
    """
    job = _job_of(asked.path)
    if job is not None and not job.watch():
        del _waits()[asked.path]
        if job.error:
            raise job.error
        if not asked.path.exists():  # it could not be written
            _unkept()[asked.path] = job.result
        job = None
    if (explanation := _unkept().get(asked.path)) is not None:
        st.caption("This explanation cannot be kept on the disk of this machine: the next visit computes it again.")
        return explanation
    if (explanation := find_explanation(asked.path)) is not None:
        _say_when(asked.path)
        return explanation
    listener = asked.case.listener.name
    made = asked.case.made.get(asked.question.key)
    if job is not None:
        _show_progress(asked.path, asked.exact, listener)
        return made
    if made is not None:
        st.badge("explained by the fleet, ready to play", icon=":material/inventory_2:", color="primary")
        if not asked.exact:  # no more would be known
            return made
    what = "recommendation" if asked.case.recommended else "relevance"
    label = f"Explain this {what}" if made is None else "Answer for every mix"
    # not by a callback: a click while the page still changes must ask what the page then shows
    if st.button(label, key=key_of("explain", listener), type="primary", on_click=address.act):
        _start(asked)
        st.rerun()
    case = asked.case
    work = asked.question.work
    seconds = work * len(case.mix) * _seconds_per_sample(case.model)
    what = "One pass answers for every mix" if asked.exact else f"The model will score {work:.0f} mixes"
    kept = "" if made is None else "The fleet kept no answers to other mixes. "
    st.caption(f"{kept}{what}: about {duration(seconds)} on this machine.")
    return made


def find_what_if(asked: Asked, explanation: Explanation) -> WhatIf | None:
    """The answers to other mixes: the explanation's own, or those of an exact one of the same components."""
    if explanation.what_if is not None:
        return explanation.what_if
    exact = _ask(asked.case, {"kind": asked.question.kind, "segments": asked.question.segments})
    kept = find_explanation(exact.path)
    return None if kept is None else kept.what_if


def _best_kind(case: Case) -> str:
    """The kind of which a line describes the model best, of those that were explained exactly."""
    kept = [one for one in (*get_explanations_of(case), *case.made.values()) if one.method == "exact"]
    best = max(kept, key=lambda one: one.fidelity_held_out, default=None)
    return USUAL_KIND if best is None else best.kind


@st.cache_resource(show_spinner=False)
def _seconds_per_sample(_model) -> float:
    """How long the model listens on this machine; measured once."""
    y = torch.zeros(1, PROBE_S * SAMPLE_RATE)
    with torch.inference_mode():
        _model(y[:, :SAMPLE_RATE])  # the first call is slow
        started = time.perf_counter()
        _model(y)
    return (time.perf_counter() - started) / y.shape[1]


def _ask(case: Case, options: dict[str, Any]) -> Asked:
    question = _question(case.model, case.track.stems, case.key, options | {"criterion": case.criterion})
    return Asked(case, question, answer_path(case.folder, question))


@st.cache_resource(max_entries=256, show_spinner=False, hash_funcs={Segments: repr, Criterion: repr})
def _question(_model: torch.nn.Module, _stems: dict, key: tuple, options: dict[str, Any]) -> Question:
    return ask_model(_model, _stems, **options)


def _unkept() -> dict[Path, Explanation]:
    """Explanations of this visit that could not be written, by the files that they should be in."""
    return st.session_state.setdefault("unkept", {})


def _waits() -> dict[Path, Job | None]:
    """The jobs that the visitor waits for, by the answer's file; None for cancelled ones."""
    return st.session_state.setdefault("waits", {})


def _job_of(path: Path) -> Job | None:
    """The job that the visitor waits for, including one begun by others or before a reload of the page."""
    if path not in _waits() and (job := find_job(path)):
        _wait_for(path, job)
    return _waits().get(path)


def _wait_for(path: Path, job: Job) -> None:
    _waits()[path] = job
    st.session_state.setdefault("computed", set()).add(path)


def _start(asked: Asked) -> None:
    case = asked.case

    def work(progress):
        return cached_answer(
            case.folder,
            asked.question,
            case.model,
            case.track.stems,
            progress=progress,
            track_id=case.track.track_id,
            listener=case.listener.name,
            separator=case.track.separator,
        )

    _wait_for(asked.path, begin_job(asked.path, work))


def forget_jobs(keep: Sequence[Path] = ()) -> None:
    """Cancel the visitor's jobs for other answers."""
    for path in set(_waits()) - set(keep):
        if job := _waits().pop(path):
            job.cancel()


def _cancel(path: Path) -> None:
    if job := _waits().get(path):
        job.cancel()
    _waits()[path] = None


@st.fragment(run_every=POLL_S)
def _show_progress(path: Path, exact: bool, listener: str) -> None:
    job = _waits().get(path)
    if job is None or not job.watch():
        st.rerun()  # the whole page: it was cancelled, or it is done
    left = job.seconds_left()
    text = "Listening to the first mixes …"
    if job.before:
        text = f"Waiting for {job.before} computation{'s' if job.before > 1 else ''} of others …"
    elif left is not None:
        done = f"{job.done} %" if exact else f"{job.done} of {job.total} mixes scored"
        text = f"{done} · about {duration(left)} left"
    st.progress(job.done / job.total if job.total else 0.0, text=text)
    st.button("Cancel", key=key_of("cancel", listener), on_click=_cancel, args=(path,))


def _say_when(path: Path) -> None:
    if path in st.session_state.get("computed", ()):
        st.badge("computed just now", icon=":material/bolt:", color="green")
    else:
        st.badge("computed ahead, ready to play", icon=":material/inventory_2:", color="primary")

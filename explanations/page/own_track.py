"""Second step, the other way: the visitor's own music.

An uploaded file is decoded, separated and scored by the listener's model in a job, which starts at once, can be
cancelled, and is cancelled when the visitor chooses something else. The file is in a private folder on disk only during
that job; its stems are kept in the cache that pages and commands share.
"""

import gc
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import librosa
import streamlit as st
from scipy.special import expit
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explanations.page.cached import Case, get_model, get_others
from explanations.page.jobs import Job
from explanations.page.listeners import name_of
from lemons.audio import MIN_DURATION_S, to_int16
from lemons.audio.level import describe_gain
from lemons.audio.reader import AudioReader
from lemons.config import Config
from lemons.errors import DataError, LemonsError
from lemons.explaining.components import mix_of_stems
from lemons.hashing import hash_waveforms
from lemons.library import Library
from lemons.listeners import Listener
from lemons.progress import Progress
from lemons.render.words import capitalized, clock, file_title, listing, parts_of, plain, sentence
from lemons.separation import list_separators
from lemons.tracks import Track, open_track
from recsys.network import Network
from recsys.relevance import track_logits

__all__ = ["Scored", "Upload", "choose_own"]

FORMATS = ["wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "m4a", "mp4", "aac", "wma", "webm", "mka"]
MAX_MB = 100  # five minutes in stereo, 24 bits, 48 kHz, have 86 MB
IN_WORDS = "WAV, FLAC, Ogg, MP3, AIFF, M4A, WMA or WebM"
MAX_S = 300  # an explanation of so long a track takes 2 GB of memory and, on two cores, some minutes
STAGES = {  # percent of the way: what happens from then on
    0: "Reading the file …",
    5: "Taking the track apart …",
    80: "{name}'s model listens …",
}
READ, SEPARATED = list(STAGES)[1:]
POLL_S = 0.5


@dataclass(frozen=True)
class Scored:
    """A file after its job: separated and scored.

    Attributes
    ----------
    track : Track
        with its stems
    logit : float
        the listener's model's answer
    key : str
        fingerprint of the stems
    """

    track: Track
    logit: float
    key: str


@dataclass(frozen=True)
class Upload:
    """A visitor's upload: file, separator and model that it is about, and the job."""

    about: tuple
    job: Job


def choose_own(config: Config, library: Library, listener: Listener, *, is_open: bool) -> Case | None:
    """Draw the place where a file can be dropped; return its case as soon as the listener's model has scored it.

    While ``is_open`` is False no job starts, but the choices are kept.
    """
    st.caption(
        f"Would {plain(name_of(listener))} like it, and why? Drop a track of yours: {IN_WORDS}, from "
        f"{MIN_DURATION_S:g} second to {MAX_S // 60} minutes, {MAX_MB} MB at most. It stays on the computer that runs "
        "this page: the file is deleted once it is read, its parts stay in the cache of separated tracks."
    )
    if is_open:
        _warm_up()
    separator = _choose_separator()
    file = _choose_file()
    if file is None:
        _forget()
        return None
    model, model_key = get_model(config, library, listener)
    wanted = (file.file_id, separator, model_key)
    upload = st.session_state.get("own")
    if upload is None or upload.about != wanted:
        scored = upload.job.result if upload and upload.about[:2] == wanted[:2] else None
        _forget()
        if not is_open:
            return None
        work = partial(_score, file.getvalue(), file.name, separator, library, model, scored)
        upload = st.session_state["own"] = Upload(wanted, Job(work))
    scored = _wait(upload.job, listener) if is_open else None
    if scored is None:
        return None
    if scored.track.gain != 1:
        st.caption(sentence(describe_gain(f"“{scored.track.title}”", scored.track.gain)))
    about = f"your own music, taken apart into {parts_of(separator)} ({separator})"
    key = (model_key, scored.key)
    relevance = float(expit(scored.logit))
    others = get_others(config, library, listener, scored.track.track_id)
    return Case(
        config.explanations_path,
        listener,
        model,
        scored.track,
        key,
        title=scored.track.title,
        about=about,
        relevance=relevance,
        others=others,
        recommended=False,
        shareable=False,
    )


@st.cache_resource(show_spinner="Getting ready …")
def _warm_up() -> None:
    """Do once, before any job, what blocks the interpreter: imports, and garbage collection of all that was imported.

    Streamlit collects garbage after every run of a script, also of the fragment that polls progress; beside that,
    importing librosa in a job took a minute.
    """
    _ = librosa.stft, librosa.istft, librosa.decompose.hpss  # imported when first named
    gc.collect()
    gc.freeze()


def _choose_separator() -> str:
    """Draw the choice among the separators that can run, and what the others lack."""
    records = [record for record in list_separators() if record.name != "given"]
    ready = {record.name: record.stems for record in records if record.ready}
    names = ["hpss", *(name for name in ready if name != "hpss")]
    with st.container(horizontal=True, vertical_alignment="bottom", key="separator-row"):
        separator = st.selectbox(
            "Take it apart into",
            names,
            format_func=lambda name: _describe(name, ready[name]),
            help="hpss needs no weights: it separates sustained from percussive sound, and low from high.",
        )
        with st.popover("More separators", disabled=len(ready) == len(records)):
            st.markdown("These take a track apart into instruments, once they have what they lack:")
            lines = [f"- **{plain(one.name)}** lacks {sentence(one.lacks)}" for one in records if not one.ready]
            st.markdown("\n".join(lines))
    return separator


def _choose_file() -> UploadedFile | None:
    """Draw the place where a file can be dropped; what was dropped.

    The browser refuses files by their size and kind, before they are sent, but shows no reason beside its red mark. The
    reason is drawn here, and the style sheet shows it beside such a mark, of which Python is not informed.
    """
    with st.container(key="own-drop", gap=None):
        file = st.file_uploader("An audio file", FORMATS, key="own_file", max_upload_size=MAX_MB)
        with st.container(key="own-refused"):
            st.markdown(
                f":material/error: What is marked red was not taken: it must be one file of {MAX_MB} MB at most, "
                f"{IN_WORDS}; convert it to MP3 or FLAC, or cut out a part of it"
            )
    return file


def _describe(name: str, stems: tuple[str, ...]) -> str:
    if name == "hpss":
        return "Parts of the sound, not instruments (hpss)"
    return f"{capitalized(listing(stems))} ({name})"


def _wait(job: Job, listener: Listener) -> Scored | None:
    """The job's result; else draw its progress, or why there is no result."""
    running = job.watch()
    if job.result is not None and not job.cancelled:
        return job.result
    if running and not job.cancelled:
        _show_progress(name_of(listener))
    elif isinstance(job.error, LemonsError):
        st.error(sentence(str(job.error)), icon=":material/error:")
    elif job.error:
        raise job.error
    else:
        st.caption("The analysis of this track was cancelled.")
        st.button("Start again", key="own_again", on_click=_forget)
    return None


def _forget() -> None:
    """Cancel the job."""
    if upload := st.session_state.pop("own", None):
        upload.job.cancel()


@st.fragment(run_every=POLL_S)
def _show_progress(name: str) -> None:
    upload = st.session_state.get("own")
    if upload is None or not upload.job.watch() or upload.job.cancelled:
        st.rerun()  # the whole page
    stage = next(text for percent, text in reversed(STAGES.items()) if upload.job.done >= percent)
    st.progress(upload.job.done / 100, text=stage.format(name=plain(name)))
    st.button("Cancel", key="own_cancel", on_click=upload.job.cancel)


def _score(
    data: bytes,
    name: str,
    separator: str,
    library: Library,
    model: Network,
    scored: Scored | None,
    progress: Progress,
) -> Scored:
    """The job's work; a file that another model scored before is not separated again."""
    if scored is None:
        track = _open(data, name, separator, library, progress)
        key = hash_waveforms(track.stems)
    else:
        track, key = scored.track, scored.key
    progress(SEPARATED, 100)
    logit = float(track_logits(model, [to_int16(mix_of_stems(track.stems))])[0])
    progress(100, 100)
    return Scored(track, logit, key)


def _open(data: bytes, name: str, separator: str, library: Library, progress: Progress) -> Track:
    """A file's track; errors call it by its title."""
    title, content = file_title(name), hashlib.sha256(data).hexdigest()
    suffix = Path(name).suffix.lower()
    with _private_folder(title) as folder:
        path = Path(folder) / (content + (suffix if suffix[1:] in FORMATS else ""))
        path.write_bytes(data)
        progress(0, 100)
        try:
            _check(path)
            progress(READ, 100)
            track = open_track(
                str(path),
                library,
                separator=separator,
                progress=lambda done, total: progress(READ + (SEPARATED - READ) * done // max(total, 1), 100),
            )
        except LemonsError as error:
            quoted = f"“{title}”"
            text = str(error).replace(str(path), quoted)
            raise type(error)(text if quoted in text else f"{quoted}: {text}") from error
    return replace(track, track_id=f"own-{content[:16]}", title=title)


@contextmanager
def _private_folder(title: str) -> Iterator[str]:
    """A temporary folder for this user's eyes only; DataError where a file of this title cannot be kept there."""
    try:
        with tempfile.TemporaryDirectory(prefix="lemons-") as folder:
            yield folder
    except OSError as error:
        reason = error.strerror or error
        raise DataError(
            f"“{title}” cannot be kept in {tempfile.gettempdir()}: {reason}; free some space there and drop it again"
        ) from error


def _check(path: Path) -> None:
    """Refuse a file that would take too long, before all of it is read."""
    with AudioReader(path) as reader:
        seconds = reader.n_samples / reader.sr
    if seconds > MAX_S:
        raise DataError(f"{path} lasts {clock(seconds)} minutes, more than {clock(MAX_S)}; cut out a part of it")

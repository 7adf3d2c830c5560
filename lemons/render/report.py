"""An explanation as one file that any browser opens: player, sounds, answers, weights and provenance.

It needs no server and makes no request. Its policy allows its own script and style, by their hashes, and nothing else:
names of tracks and listeners come from strangers. Jinja escapes them.
"""

import base64
import hashlib
import os
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

import lemons
from lemons.explaining.clips import TOP_K
from lemons.explaining.explanation import Component, Explanation
from lemons.files import atomic_path
from lemons.render import words
from lemons.render.fact_words import fact_sentences
from lemons.render.player import player_css, player_data, player_js, player_sounds, player_stand_ins
from lemons.tracks import Track

__all__ = [
    "HERE",
    "MOUNT",
    "data_url",
    "page_policy",
    "page_style",
    "page_template",
    "playable",
    "report_html",
    "write_report",
]

HERE = Path(__file__).parent
MOUNT = """
const data = JSON.parse(document.getElementById("data").textContent);
mount({ data, parentElement: document.getElementById("player"), setTriggerValue() {} });
"""
UNITS = {
    "probability": "How much the {}, from 0 to 1, rises when a component sounds.",
    "logit": "How much the logit of the {} rises when a component sounds.",
    "score": "How much the {} rises when a component sounds.",
}
CITATIONS = (
    "A. B. Melchiorre, V. Haunschmid, M. Schedl, G. Widmer: LEMONS: Listenable Explanations for Music recOmmeNder "
    "Systems. ECIR 2021.",
    "V. Haunschmid, E. Manilow, G. Widmer: audioLIME: Listenable Explanations Using Source Separation. "
    "arXiv 2008.00582, 2020.",
)


def write_report(path: str | os.PathLike, explanation: Explanation, track: Track) -> None:
    """Write an explanation as one HTML file, whole or not at all.

    Parameters
    ----------
    path : path-like
        the file; its folder is made when it is missing
    explanation : Explanation
        with its `WhatIf`, where it has one, the report answers for every mix of the components
    track : Track
        the track that was explained

    Raises
    ------
    ParameterError
        if another track was explained
    DataError
        if the file cannot be written
    """
    text = report_html(explanation, track)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def report_html(explanation: Explanation, track: Track, *, k: int = TOP_K) -> str:
    """The text of the file, in which ``k`` components play at first; for the other parameters see `write_report`."""
    style, script = page_style(), player_js() + MOUNT
    return page_template("report.html").render(
        policy=page_policy(style, script),
        generator=f"LEMONS {lemons.__version__}",
        lemon=words.data_url(words.LEMON),
        heading=words.question(track.title, words.name_of_listener(explanation), explanation.label),
        answers=_answers(explanation),
        against=[words.capitalized(words.name_of(one, explanation.kind)) for one in explanation.against(1)],
        fidelity=words.fidelity_sentence(explanation).split("**"),  # every second part is bold
        unit=UNITS[explanation.target].format(words.measure(explanation)),
        weights=[_weight_row(rank, one, explanation.kind) for rank, one in enumerate(_by_weight(explanation), start=1)],
        method=words.method_sentence(explanation),
        facts=_facts(explanation, track),
        json=data_url("application/json", explanation.to_json().encode()),
        citations=CITATIONS,
        data=playable(explanation, track, k=k),
        style=style,
        script=script,
    )


def playable(explanation: Explanation, track: Track, *, k: int = TOP_K) -> dict:
    """The player's input, with sounds and answers inside."""
    sounds, off = (make(explanation, track.stems) for make in (player_sounds, player_stand_ins))
    return player_data(
        explanation,
        track.stems,
        src={name: data_url("audio/flac", sound) for name, sound in sounds.items()},
        off={name: data_url("audio/flac", sound) for name, sound in off.items()},
        title=track.title,
        listener=words.name_of_listener(explanation),
        k=k,
        answers=data_url("application/octet-stream", explanation.what_if.to_bytes()) if explanation.what_if else None,
    )


@cache
def page_style() -> str:
    """The style of a page around the player."""
    return player_css() + (HERE / "report.css").read_text(encoding="utf-8")


def _answers(explanation: Explanation) -> list[str]:
    """Facts, where they are known; else what the weights say."""
    return list(fact_sentences(explanation).values()) or [words.answer(explanation)]


@cache
def page_template(name: str) -> Template:
    """A page around the player, by its file; it escapes all values but the style and the script."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: value if hasattr(value, "__html__") else words.tame(str(value)),
        trim_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "allow_nan": False}
    return environment.get_template(name)


def page_policy(style: str, script: str) -> str:
    """The page's content security policy: only its own script and style, and images from data: addresses."""
    hashes = {"style": style, "script": script}
    inline = {name: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for name, text in hashes.items()}
    allowed = "; ".join(f"{name}-src 'sha256-{digest}'" for name, digest in inline.items())
    return f"default-src 'none'; {allowed}; img-src data:; base-uri 'none'; form-action 'none'"


def data_url(kind: str, content: bytes) -> str:
    """Content as an address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _by_weight(explanation: Explanation) -> list[Component]:
    """Components, the largest weight first."""
    return sorted(explanation.components, key=lambda component: -component.weight)


def _weight_row(rank: int, component: Component, kind: str) -> dict[str, str | int]:
    """A row of the table of weights."""
    weight = _with_minus(f"{component.weight:+.4f}") if component.weight else "0"
    return {
        "rank": rank,
        "name": words.capitalized(words.name_of(component, kind)),
        "weight": f"{weight} ± {component.margin:.4f}" if component.margin else weight,
        "speaks": "for it" if component.weight > 0 else "against it" if component.weight < 0 else "neither",
    }


def _with_minus(number: str) -> str:
    return number.replace("-", "−")


def _facts(explanation: Explanation, track: Track) -> dict[str, str]:
    """What is needed to check and to repeat the explanation, by name."""
    starts = sorted({component.start_s for component in explanation.components})
    stand_in, nothing = words.baseline_sentence(explanation), words.NOTHING[explanation.baseline]
    return {
        "Track": explanation.track_id,
        **({"Music": track.credit} if track.credit else {}),
        words.capitalized(words.measure(explanation)): _with_minus(
            f"{explanation.answer:.4f}" + ("" if explanation.relevance is None else f" (logit {explanation.logit:.4f})")
        ),
        "Kind": explanation.kind,
        "Explained": explanation.target,
        "Segments begin at": ", ".join(f"{start:g} s" for start in starts),
        "Stems from": explanation.separator,
        **({"Switched off": stand_in} if stand_in else {}),
        "Fidelity": _with_minus(f"{explanation.fidelity_held_out:.4f} {explanation.judged_on}"),
        f"Answer to {nothing}": _with_minus(f"{explanation.intercept:.4f} by the linear model"),
        "Audio, SHA-256": explanation.audio_hash,
        "Stems, SHA-256": explanation.stems_hash,
        **({"Model, SHA-256": explanation.model_hash} if explanation.model_hash else {}),
        "Versions": ", ".join(f"{name} {version}" for name, version in explanation.versions.items()),
    }

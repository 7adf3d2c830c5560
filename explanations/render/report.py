"""An explanation as one file that any browser opens: player, sounds, answers, weights, and where they come from.

It needs no server and makes no request. Its policy allows the one script and the one style that are in it, by their
hashes, and nothing else: names of tracks and listeners come from strangers.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from string import Template

import lemons
from explanations.core.clips import TOP_K
from explanations.core.explanation import Explanation
from explanations.render import words
from explanations.render.player import player_css, player_data, player_js, player_sounds
from lemons.files import atomic_path
from lemons.tracks import Track

HERE = Path(__file__).parent
MOUNT = """
const data = JSON.parse(document.getElementById("data").textContent);
mount({ data, parentElement: document.getElementById("player"), setTriggerValue() {} });
"""
UNITS = {
    "probability": "How much the relevance, from 0 to 1, rises when a component sounds.",
    "logit": "How much the logit of the relevance rises when a component sounds.",
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
    """The text of the file, of which ``k`` components are heard at first; for the others see `write_report`."""
    sounds = player_sounds(explanation, track.stems)
    data = player_data(
        explanation,
        track.stems,
        src={name: _data_url("audio/flac", sound) for name, sound in sounds.items()},
        title=track.title,
        listener=words.capitalized(explanation.listener),
        k=k,
        answers=_data_url("application/octet-stream", explanation.what_if.to_bytes()) if explanation.what_if else None,
    )
    style, script = player_css() + (HERE / "report.css").read_text(encoding="utf-8"), player_js() + MOUNT
    against = [words.capitalized(words.name_of(one, explanation.kind)) for one in explanation.against(1)]
    template = Template((HERE / "report.html").read_text(encoding="utf-8"))
    return template.substitute(
        policy=_policy(style, script),
        generator=f"LEMONS {lemons.__version__}",
        lemon=words.data_url(words.LEMON),
        heading=words.markup(words.question(track.title, words.capitalized(explanation.listener))),
        answer=words.markup(words.answer(explanation)),
        against="".join(f"<p>{words.markup(name)} spoke most against it.</p>" for name in against),
        fidelity=_bold(words.markup(words.fidelity_sentence(explanation))),
        unit=UNITS[explanation.target],
        weights="\n".join(_weights(explanation)),
        method=words.markup(words.method_sentence(explanation)),
        facts="\n".join(_facts(explanation)),
        json=_data_url("application/json", explanation.to_json().encode()),
        citations="\n".join(f"<li>{words.markup(citation)}</li>" for citation in CITATIONS),
        data=json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),  # no tag ends the script
        style=style,
        script=script,
    )


def _policy(style: str, script: str) -> str:
    """What the page may do: run and wear what is in it, show data: addresses, and nothing else."""
    hashes = {"style": style, "script": script}
    inline = {name: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for name, text in hashes.items()}
    allowed = "; ".join(f"{name}-src 'sha256-{digest}'" for name, digest in inline.items())
    return f"default-src 'none'; {allowed}; img-src data:; base-uri 'none'; form-action 'none'"


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _bold(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)


def _weights(explanation: Explanation) -> Iterable[str]:
    """A row of the table for every component, the largest weight first."""
    for rank, one in enumerate(sorted(explanation.components, key=lambda component: -component.weight), start=1):
        name = words.markup(words.capitalized(words.name_of(one, explanation.kind)))
        weight = f"{one.weight:+.4f}".replace("-", "−") if one.weight else "0"
        margin = f" ± {one.margin:.4f}" if one.margin else ""
        speaks = "for it" if one.weight > 0 else "against it" if one.weight < 0 else "neither"
        yield f"<tr><td>{rank}</td><td>{name}</td><td>{weight}{margin}</td><td>{speaks}</td></tr>"


def _facts(explanation: Explanation) -> Iterable[str]:
    """What is needed to trust and to repeat it."""
    starts = sorted({component.start_s for component in explanation.components})
    facts = {
        "Track": explanation.track_id,
        "Relevance": f"{explanation.relevance:.4f} (logit {explanation.logit:.4f})",
        "Kind": explanation.kind,
        "Explained": explanation.target,
        "Segments begin at": ", ".join(f"{start:g} s" for start in starts),
        "Stems from": explanation.separator,
        "Fidelity": f"{explanation.fidelity_held_out:.4f} {explanation.judged_on}",
        "Answer to silence": f"{explanation.intercept:.4f} by the linear model",
        "Audio, SHA-256": explanation.audio_hash,
        "Stems, SHA-256": explanation.stems_hash,
        "Model, SHA-256": explanation.model_hash,
        "Versions": ", ".join(f"{name} {version}" for name, version in explanation.versions.items()),
    }
    for name, fact in facts.items():
        text = words.markup(fact.replace("-", "−") if name in ("Relevance", "Fidelity", "Answer to silence") else fact)
        yield f"<dt>{name}</dt><dd>{f'<code>{text}</code>' if 'SHA' in name else text}</dd>"

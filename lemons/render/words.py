"""The page's sentences, and escaping of untrusted text."""

import base64
import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from lemons.baselines import NOISE_DB, SILENCE
from lemons.characters import invisible
from lemons.explaining.clips import TOP_K
from lemons.explaining.component import Component
from lemons.explaining.explanation import Explanation
from lemons.explaining.question import AUDIOLIME
from lemons.explaining.trust import fidelity_in_words

__all__ = [
    "LEMON",
    "NOTHING",
    "answer",
    "baseline_sentence",
    "capitalized",
    "clock",
    "data_url",
    "fidelity_sentence",
    "file_title",
    "listing",
    "markup",
    "measure",
    "method_sentence",
    "name_of",
    "name_of_listener",
    "names_of",
    "noun_of",
    "pair_sentence",
    "parts_of",
    "plain",
    "question",
    "sentence",
    "shorten",
    "tame",
    "ties_sentence",
]

LEMON = Path(__file__).parent / "lemon.svg"
NAMES = {"vocals": "the vocals", "piano": "the piano", "drums": "the drums", "bass": "the bass"}
NAMES |= {"other": "the other instruments", "mix": "the part"}
NOTHING = {"silence": "silence", "mean": "noise alone", "noise": "faint noise alone"}  # what sounds with everything off
STAND_INS = {
    "mean": "steady noise of its own colour and level",
    "noise": f"faint noise, {-NOISE_DB} dB below full scale",
}
LOUD = 0.5  # a component is named in the sentence when its weight is at least this share of the largest
MAX_TITLE = 120  # letters of a file's name that are shown
SHORT_S = 3  # shorter stretches are named to a tenth of a second
UNSEEN = invisible(keep="\t\n\x0b\x0c\r\x85\u2028\u2029")  # white space, which `plain` collapses
JOINER = "\u2060"  # has no width; between the letters of an address it keeps Markdown from making a link of it


def tame(text: str) -> str:
    r"""Untrusted text without invisible characters and marks of direction.

    >>> tame("Lion\x1b Road\u202e"), tame("Zoë 👩\u200d🎤")
    ('Lion Road', 'Zoë 👩\u200d🎤')
    """
    return UNSEEN.sub("", text)


def markup(text: str) -> str:
    """Untrusted text, escaped for HTML."""
    return html.escape(tame(text))


def plain(text: str) -> str:
    r"""Untrusted text, escaped for Markdown.

    >>> plain("**Loud** <b>")
    '\\*\\*Loud\\*\\* \\<b\\>'
    """
    text = " ".join(tame(text).split())
    text = re.sub(r"(://|www\.|@)", lambda found: JOINER.join(["", *found[0], ""]), text)
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def sentence(text: str) -> str:
    r"""An error's sentence, escaped for Markdown; text in backquotes stays code.

    >>> sentence("no model; train one with `lemons train`")
    'no model\\; train one with `lemons train`'
    """
    text = tame(text)
    parts = text.split("`") if text.count("`") % 2 == 0 else [text]
    return "".join(f"`{part}`" if i % 2 else _plain_part(part) for i, part in enumerate(parts))


def shorten(text: str) -> str:
    """Untrusted text, cut to what a line can hold.

    >>> len(shorten(5000 * "9"))
    120
    """
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1] + "…"


def _plain_part(text: str) -> str:
    """`plain` for a part of a sentence: the blanks at its ends stay."""
    return text[: len(text) - len(text.lstrip())] + plain(text) + text[len(text.rstrip()) :] if text.strip() else text


def capitalized(text: str) -> str:
    """Text with a capital first letter; the others stay as they are.

    >>> capitalized("the MC")
    'The MC'
    """
    return text[:1].upper() + text[1:]


def clock(seconds: float, *, digits: int = 0) -> str:
    """A place in a track, rounded as the player rounds it: halves go up.

    >>> clock(83.6), clock(132.5), clock(0.44, digits=1)
    ('1:24', '2:13', '0:00.4')
    """
    rounded = Decimal(float(seconds)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    minutes, rest = divmod(rounded, 60)
    return f"{minutes:.0f}:{rest:0{3 + digits if digits else 2}.{digits}f}"


def noun_of(stem: str) -> str:
    """A stem in words, such as "the drums"."""
    return NAMES.get(stem, f"the {stem} part")


def name_of(component: Component, kind: str) -> str:
    """A component in words, such as "the drums from 0:18 to 0:24"."""
    stem = noun_of(component.stem)
    return stem if kind == "source" else f"{stem} {_place_of(component)}"


def _place_of(component: Component) -> str:
    digits = int(component.end_s - component.start_s < SHORT_S)
    return f"from {clock(component.start_s, digits=digits)} to {clock(component.end_s, digits=digits)}"


def parts_of(separator: str) -> str:
    """What a separator makes of a track.

    >>> parts_of("hpss"), parts_of("spleeter:5stems")
    ('parts of the sound', 'instruments')
    """
    return "parts of the sound" if separator == "hpss" else "instruments"


def file_title(name: str) -> str:
    r"""A title for an untrusted file name: without folders, extension and invisible characters.

    >>> file_title("C:\\Music\\My_`best`\u202e\n.song.mp3"), file_title(".mp3")
    ("My 'best'.song", 'untitled')
    """
    stem = re.sub(r"\.\w+$", "", re.split(r"[/\\]", name)[-1]).replace("_", " ").replace("`", "'")
    seen = "".join(letter for letter in stem if unicodedata.category(letter)[0] != "C")
    return seen.strip()[:MAX_TITLE] or "untitled"


def listing(words: Sequence[str]) -> str:
    """Words as a sentence lists them.

    >>> listing(["the drums", "the bass", "the piano"])
    'the drums, the bass and the piano'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def names_of(components: Iterable[Component], kind: str) -> str:
    """Components in words, the stem of the largest weight first; each is named once, with its stretches in time."""
    stretches: list[Component] = []
    for one in sorted(components, key=lambda component: (component.stem, component.start_s)):
        last = stretches[-1] if stretches else None
        if last and last.stem == one.stem and last.end_s == one.start_s:
            stretches[-1] = replace(last, end_s=one.end_s, weight=max(last.weight, one.weight))
        else:
            stretches.append(one)
    heaviest = {one.stem: one.weight for one in sorted(stretches, key=lambda component: component.weight)}
    names: dict[str, str] = {}
    for one in sorted(stretches, key=lambda component: (-heaviest[component.stem], component.start_s)):
        names[one.stem] = f"{names[one.stem]} and {_place_of(one)}" if one.stem in names else name_of(one, kind)
    if any(" and " in name for name in names.values()):
        return ", and ".join(names.values())
    return listing(list(names.values()))


def question(title: str, listener: str = "", label: str = "") -> str:
    """What an explanation answers, of a listener's model or of a tagger.

    >>> question("Lion Road", "Marko"), question("Lion Road")
    ('Why Lion Road for Marko?', 'Why Lion Road?')
    >>> question("Lion Road", "musicnn:MTT", "guitar")
    'Why does musicnn:MTT say “guitar” of Lion Road?'
    """
    if label:
        return f"Why does {listener} say “{label}” of {title}?"
    return f"Why {title} for {listener}?" if listener else f"Why {title}?"


def answer(explanation: Explanation) -> str:
    """Why the track was recommended or not, in one or two sentences."""
    top = explanation.top(TOP_K)
    if not top:
        what = measure(explanation)
        return f"Nothing in this track speaks for it: every component lowers its {what} or leaves it as it is."
    loud = [component for component in top if component.weight >= LOUD * top[0].weight]
    names, against = names_of(loud, explanation.kind), names_of(explanation.against(1), explanation.kind)
    unlikely = explanation.relevance is not None and explanation.relevance < 0.5
    if unlikely and against and not explanation.label:  # labels are seldom as likely as that
        rather = "The model would rather not recommend this track"
        return f"{rather}: {against} spoke most against it. {capitalized(names)} spoke most for it."
    return f"{capitalized(names)} spoke most for {f'“{explanation.label}”' if explanation.label else 'this track'}."


def name_of_listener(explanation: Explanation) -> str:
    """Whose model it is; a tagger's name stays as it is."""
    return explanation.listener if explanation.label else capitalized(explanation.listener)


def measure(explanation: Explanation) -> str:
    """What the model's answer is called, as it is shown."""
    what = "score" if explanation.relevance is None else "probability" if explanation.label else "relevance"
    return f"{what} of “{explanation.label}”" if explanation.label else what


def fidelity_sentence(explanation: Explanation) -> str:
    """How far the weights can be trusted, and why one may say so."""
    share = f"{max(explanation.fidelity_held_out, 0):.0%}".replace("%", " %")
    masks = "over all mixes" if explanation.held_out == "none" else "on mixes that they were not fitted to"
    what = f"logit of the {measure(explanation)}" if explanation.target == "logit" else measure(explanation)
    return (
        f"The model is **{fidelity_in_words(explanation)}** here: {masks}, weights account for {share} of how the "
        f"{what} moves when components are switched on and off."
    )


def baseline_sentence(explanation: Explanation) -> str:
    """What sounds in place of what is switched off; empty for silence."""
    if explanation.baseline == SILENCE:
        return ""
    return f"What is switched off is replaced by {STAND_INS[explanation.baseline]}."


def pair_sentence(explanation: Explanation) -> str:
    """What the two components do that interact most; empty where this is not known."""
    if explanation.pair is None:
        return ""
    parts = [explanation.components[i] for i in (explanation.pair.first, explanation.pair.second)]
    first, second = (name_of(part, explanation.kind) for part in parts)
    if explanation.pair.interaction > 0:
        return f"{capitalized(first)} and {second} count together more than each of them does."
    return f"{capitalized(first)} and {second} do much the same: either will do."


def ties_sentence(explanation: Explanation, k: int = TOP_K) -> str:
    """Which components are not played only for their number; empty without such."""
    ties = explanation.ties(k)
    if not ties:
        return ""
    as_much = "weighs" if len(ties) == 1 else "weigh"
    last = name_of(explanation.top(k)[-1], explanation.kind)
    return f"{capitalized(names_of(ties, explanation.kind))} {as_much} as much as {last}; the first of them is played."


def method_sentence(explanation: Explanation) -> str:
    """How the weights were found."""
    masks = f"{explanation.n_masks:,}".replace(",", " ")
    if explanation.method == "lime":
        name = "audioLIME" if explanation.sampler == AUDIOLIME else f"LIME, sampler {explanation.sampler}"
        how = f"{name}: the model scored {explanation.work:.0f} mixes"
    else:
        how = f"Exact: one pass, {explanation.work:.0f} times the work of scoring the track once, answers for every mix"
    drawn = explanation.neighborhood == "drawn"
    fit = f"fitted to {masks} of them, drawn with seed {explanation.seed}" if drawn else f"fitted to all {masks}"
    return f"{how}; {fit}. Fidelity on those: {explanation.fidelity:.2f}."


def data_url(picture: Path) -> str:
    """An SVG as an address, for pictures in `st.html`; `st.image` would add a button for the full screen to each."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture.read_bytes()).decode()

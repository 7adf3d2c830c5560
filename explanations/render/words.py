"""What the page says: plain sentences, and untrusted text made harmless."""

import base64
import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from explanations.core.clips import TOP_K
from explanations.core.explanation import Component, Explanation
from explanations.core.trust import fidelity_in_words

LEMON = Path(__file__).parent / "lemon.svg"
NAMES = {"vocals": "the vocals", "piano": "the piano", "drums": "the drums", "bass": "the bass"}
NAMES |= {"other": "the other instruments", "mix": "the part"}
LOUD = 0.5  # a component is named in the sentence when its weight is at least this share of the largest
MAX_TITLE = 120  # letters of a file's name that are shown
SHORT_S = 3  # shorter stretches are named to a tenth of a second
# control characters but for white space, marks of direction, and halves of letters, which cannot be sent to a browser
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
JOINER = "\u2060"  # has no width; between the letters of an address it keeps Markdown from making a link of it


def tame(text: str) -> str:
    r"""Text of unknown origin without what no eye can see and what turns the text after it around.

    >>> tame("Lion\x1b Road\u202e"), tame("Zoë 👩\u200d🎤")
    ('Lion Road', 'Zoë 👩\u200d🎤')
    """
    return UNSEEN.sub("", text)


def markup(text: str) -> str:
    """Text of unknown origin, so that HTML shows it letter by letter."""
    return html.escape(tame(text))


def plain(text: str) -> str:
    r"""Text of unknown origin, so that Markdown shows it letter by letter.

    >>> plain("**Loud** <b>")
    '\\*\\*Loud\\*\\* \\<b\\>'
    """
    text = " ".join(tame(text).split())
    text = re.sub(r"(://|www\.|@)", lambda found: JOINER.join(["", *found[0], ""]), text)
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def sentence(text: str) -> str:
    r"""An error's sentence: harmless, but what stands in backquotes stays code.

    >>> sentence("no model; train one with `lemons train`")
    'no model\\; train one with `lemons train`'
    """
    text = tame(text)
    parts = text.split("`") if text.count("`") % 2 == 0 else [text]
    return "".join(f"`{part}`" if i % 2 else _plain_part(part) for i, part in enumerate(parts))


def shorten(text: str) -> str:
    """Text of unknown origin and length, cut to what a line can hold.

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
    r"""What to call a file of unknown origin: its name without folders, extension and what no eye can see.

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


def question(title: str, listener: str = "") -> str:
    """What an explanation answers.

    >>> question("Lion Road", "Marko"), question("Lion Road")
    ('Why Lion Road for Marko?', 'Why Lion Road?')
    """
    return f"Why {title} for {listener}?" if listener else f"Why {title}?"


def answer(explanation: Explanation) -> str:
    """Why the track was recommended, or would rather not be, in one sentence."""
    top = explanation.top(TOP_K)
    if not top:
        return "Nothing in this track speaks for it: every component lowers its relevance or leaves it as it is."
    loud = [component for component in top if component.weight >= LOUD * top[0].weight]
    names, against = names_of(loud, explanation.kind), names_of(explanation.against(1), explanation.kind)
    if explanation.relevance < 0.5 and against:
        rather = "The model would rather not recommend this track"
        return f"{rather}: {against} spoke most against it. {capitalized(names)} spoke most for it."
    return f"{capitalized(names)} spoke most for this track."


def fidelity_sentence(explanation: Explanation) -> str:
    """How far the explanation can be trusted, and why one may say so."""
    fidelity = explanation.fidelity_held_out
    share = f"{max(fidelity, 0):.0%}".replace("%", " %")
    masks = "over all mixes there are" if explanation.held_out == "none" else "on mixes that it was not fitted to"
    return (
        f"The explanation is **{fidelity_in_words(fidelity)}**: {masks}, its weights account for {share} of how the "
        "relevance moves when components are switched on and off."
    )


def method_sentence(explanation: Explanation) -> str:
    """How the weights were found."""
    masks = f"{explanation.n_masks:,}".replace(",", " ")
    if explanation.method == "lime":
        how = f"audioLIME: the model heard {explanation.work:.0f} mixes"
    else:
        how = f"Exact: one pass, {explanation.work:.0f} times the work of hearing the track once, answers for every mix"
    drawn = explanation.neighborhood == "drawn"
    fit = f"fitted to {masks} of them, drawn with seed {explanation.seed}" if drawn else f"fitted to all {masks}"
    return f"{how}; {fit}. Fidelity on those: {explanation.fidelity:.2f}."


def duration(seconds: float) -> str:
    """A time to wait for, roughly.

    >>> duration(2), duration(7), duration(100), duration(700)
    ('a few seconds', '10 seconds', '2 minutes', '12 minutes')
    """
    if seconds < 5:
        return "a few seconds"
    if seconds < 55:
        return f"{round(seconds / 10 + 0.01) * 10} seconds"
    minutes = max(round(seconds / 60), 1)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def data_url(picture: Path) -> str:
    """An SVG as an address, for pictures in `st.html`; `st.image` would add a button for the full screen to each."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture.read_bytes()).decode()

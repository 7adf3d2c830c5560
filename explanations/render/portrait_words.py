"""A portrait in words: what is enough, what is in nothing that is, and a table of all stems."""

import pandas as pd

from explanations.core.portrait import Estimate, Portrait
from lemons.render.words import capitalized, listing, noun_of

__all__ = ["portrait_sentences", "portrait_table"]

RECOMMENDED = {"list": "among the ten recommended", "half the odds": "at half of its odds or more"}


def portrait_sentences(portrait: Portrait) -> list[str]:
    """What a model listens for, the most certain first.

    Parameters
    ----------
    portrait : Portrait

    Returns
    -------
    list of str
        sentences; numbers of tracks have their 95 % interval behind them
    """
    n, kept = portrait.n_tracks, RECOMMENDED.get(portrait.meaning, "recommended")
    tracks = "1 track" if n == 1 else f"{n} tracks"
    sentences = []
    if portrait.either:
        nouns = [noun_of(stem) for stem in portrait.either]
        count = _of(portrait.either_enough, n)
        verb = "is" if nouns[-1] in ("the piano", "the bass") or nouns[-1].endswith(" part") else "are"
        sentences.append(
            f"{capitalized(' or '.join(nouns))} {verb} enough in {count}: "
            f"whatever else is switched off, the track stays {kept}."
        )
    elif portrait.n_any < n:
        sentences.append(f"No instrument is enough by itself in any of {tracks}; it takes several.")
    idle = [one.stem for one in portrait.habits if one.n_sounding and one.idle.value == one.n_sounding]
    if portrait.n_any == n:
        sentences.append(f"Nothing in {tracks} matters for that: every mix stays {kept}.")
    elif idle:
        named = listing([noun_of(stem) for stem in idle])
        sentences.append(f"What is enough never takes {named}.")
    if portrait.n_silence:
        sentences.append(f"In {portrait.n_silence} of {tracks} even silence would be {kept}.")
    return sentences


def portrait_table(portrait: Portrait) -> pd.DataFrame:
    """A row for each stem.

    Returns
    -------
    pd.DataFrame [columns=stem, sounds, enough, needed, in none, share]
        texts such as "9 of 10 [6, 10]" and "41 % [33, 50]", the number of tracks in which the stem sounds, and the
        share of what speaks for a track, "unknown" where no linear model holds
    """
    n = portrait.n_tracks
    return pd.DataFrame(
        {
            "stem": one.stem,
            "sounds": f"{one.n_sounding} of {n}",
            "enough": _short(one.enough, n),
            "needed": _short(one.needed, n),
            "in none": _short(one.idle, n),
            "share": "unknown" if one.share is None else _percent(one.share),
        }
        for one in portrait.habits
    )


def _of(estimate: Estimate, n: int) -> str:
    """Such as "9 of 10 tracks [6, 10]"."""
    return f"{estimate.value:.0f} of {n} track{'' if n == 1 else 's'} {_limits(estimate)}"


def _short(estimate: Estimate, n: int) -> str:
    return f"{estimate.value:.0f} of {n} {_limits(estimate)}"


def _percent(share: Estimate) -> str:
    return f"{100 * share.value:.0f} % {_limits(Estimate(*(100 * x for x in (share.value, share.low, share.high))))}"


def _limits(estimate: Estimate) -> str:
    return f"[{estimate.low:.0f}, {estimate.high:.0f}]"

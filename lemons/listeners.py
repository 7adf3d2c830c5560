"""The seven listeners of the LEMONS paper, as data.

Their tastes are those that the paper and its demo give; their ids are those of the Echo Nest Taste Profile (Million
Song Dataset), from whose users the authors picked them.
"""

from dataclasses import dataclass

from lemons.errors import ParameterError

__all__ = ["LISTENERS", "Listener", "get_listener"]


@dataclass(frozen=True)
class Listener:
    """One persona.

    Attributes
    ----------
    name : str
        lower case, the key of everything that belongs to this listener
    user_id : str
        40 hexadecimal digits, the listener's id in the Taste Profile
    taste : str
        what they love, to follow "Marko loves ..."
    genres : tuple of str
        the genres that stand for this taste, dearest first; empty for one who loves them all alike
    """

    name: str
    user_id: str
    taste: str
    genres: tuple[str, ...]


LISTENERS = (
    Listener(
        "marko", "d7d2d888ae04d16e994d6964214a1de81392ee04", "reggae, niche tracks and loud music", ("reggae", "dub")
    ),
    Listener(
        "matteo",
        "a05e548059abb1f77cad6cb9c3c0c48e0616f551",
        "trance, blues and progressive music",
        ("trance", "blues", "progressive"),
    ),
    Listener("johnny", "6d625c6557df84b60d90426c0116138b617b9449", "a bit of everything", ()),
    Listener(
        "elizabeth",
        "18765abd13462c176d9ccc89e71bfc23265dfed7",
        "rock, alternative metal and heavy metal",
        ("rock", "alternative metal", "heavy metal"),
    ),
    Listener(
        "nina",
        "57262c4ed3cb3ed2db7cab8c627091757c6437d8",
        "rock, emo and post-hardcore",
        ("rock", "emo", "post-hardcore"),
    ),
    Listener("paige", "0c2932cb475b83b61039bdfbb72c14580b8fad2b", "popular music", ("pop",)),
    Listener(
        "sandra",
        "3b93435988354b1889de1e71810d1dd65c4ba17c",
        "hip-hop, rap and dirty south rap",
        ("hip-hop", "rap", "dirty south rap"),
    ),
)


def get_listener(name: str) -> Listener:
    """The persona of this name.

    Raises
    ------
    ParameterError
        if there is none; the sentence names the seven

    Examples
    --------
    >>> get_listener("marko").taste
    'reggae, niche tracks and loud music'
    """
    for listener in LISTENERS:
        if listener.name == name:
            return listener
    raise ParameterError(f"listener={name!r} is unknown; choose one of {', '.join(one.name for one in LISTENERS)}")

"""What a genre of the demo library is: a set of choices, of which a composer draws one each."""

from dataclasses import dataclass

__all__ = ["LEVELS", "PLANS", "Genre", "Layer"]

# name:bars:stems, the stems by their first letter; bars are proportions
PLANS = {
    "roots": "intro:1:dpo verse:4:vdbpo chorus:4:vdbpo verse:3:vdbp bridge:1:dbo chorus:3:vdbpo outro:1:dbp",
    "dubwise": "intro:1:db verse:3:dbpo breakdown:2:dp verse:3:vdbo drop:3:dbpo breakdown:1:do outro:1:dbp",
    "trance": "intro:2:do verse:4:dbo breakdown:3:vpo build:1:do drop:5:dbo outro:1:d",
    "house": "intro:2:dp verse:4:vdbp breakdown:2:vpo drop:5:vdbpo outro:1:db",
    "blues": "intro:1:po verse:12:vdbpo solo:12:dbpo outro:1:dbpo",
    "progressive": "intro:2:po verse:4:vdbpo bridge:2:dbo solo:4:dbpo breakdown:1:vp drop:3:vdbo outro:1:po",
    "song": "intro:1:do verse:4:vdb chorus:4:vdbpo verse:3:vdbp chorus:4:vdbpo outro:1:dbp",
    "riff": "intro:2:o verse:4:vdbo chorus:4:vdbo verse:2:dbo solo:3:dbo chorus:3:vdbo outro:1:do",
    "quiet loud": "intro:2:o verse:4:vdb chorus:4:vdbo verse:2:bo drop:3:vdbo chorus:3:vdbo outro:1:o",
    "emo": "intro:2:o verse:4:vdbo chorus:4:vdbo bridge:2:vpo chorus:4:vdbo outro:1:o",
    "pop": "intro:1:p verse:4:vdbp build:1:vdp chorus:4:vdbpo bridge:2:vp chorus:4:vdbpo outro:1:po",
    "loop": "intro:1:po verse:6:vdbp chorus:4:vdbo verse:4:vdbp bridge:1:vp chorus:3:vdbo outro:1:dp",
    "trap": "intro:1:o verse:5:vdb chorus:4:vdbo verse:4:vdbo breakdown:1:vo chorus:3:vdbo outro:1:o",
    "jazz": "intro:1:dp verse:8:dbpo solo:8:dbp verse:4:dbpo outro:1:po",
    "folk": "intro:1:o verse:4:vo chorus:4:vdbo verse:3:vbo chorus:4:vdbpo outro:1:o",
    "funk": "intro:1:d verse:4:vdbp chorus:4:vdbo bridge:2:dbp solo:2:dbpo chorus:3:vdbo outro:1:db",
}
LEVELS = {  # energy of a section
    "intro": 0.5,
    "verse": 0.6,
    "build": 0.8,
    "chorus": 1.0,
    "bridge": 0.55,
    "breakdown": 0.4,
    "solo": 0.9,
    "drop": 1.0,
    "outro": 0.5,
}


@dataclass(frozen=True)
class Layer:
    """One instrument and how it is played: ``style`` is a function of `lemons.demo.composing.keys_and_bass`."""

    style: str
    programs: tuple[int, ...]
    gain_db: float = 0.0
    drive: float = 0.0
    low_pass_hz: float = 0.0
    echo_beats: float = 0.0
    only: str = ""  # names of the sections in which it plays; all, if empty


@dataclass(frozen=True)
class Genre:
    """A genre; the fields with several values are what a track of it draws from."""

    name: str
    share: float
    tempo: tuple[float, float]  # beats per minute
    plans: tuple[str, ...]
    modes: tuple[str, ...]
    progressions: tuple[str, ...]
    drums: tuple[str, ...]
    kits: tuple[int, ...]
    bass: tuple[Layer, ...]
    piano: tuple[Layer, ...]
    other: tuple[tuple[Layer, ...], ...]
    vocals: tuple[str, ...]  # manner in verses / in choruses; none: instrumental
    swing: tuple[float, float] = (0.5, 0.5)  # where the second eighth of a beat falls
    swing_sixteenths: bool = False
    room: float = 0.12  # reverberation
    pump: float = 0.0  # how far the kick ducks the others, as dance music does
    bass_db: float = 0.0
    loudness_db: float = 0.0
    hit: float = 0.35  # how often it makes the charts, in [0, 1]
    cousins: tuple[str, ...] = ()  # genres from which it borrows

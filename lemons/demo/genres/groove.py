"""The genres of grooves and machines."""

from lemons.demo.genres.genre import Genre, Layer

__all__ = ["GROOVE_GENRES"]

# programs of General MIDI
FINGERS = (33,)
FRETLESS = (35,)
UPRIGHT = (32,)
SLAP = (36, 37)
SYNTH_BASS = (38, 39)
PIANO = (0, 1)
ORGAN = (16, 17, 18)
CLAVINET = (7,)
CLEAN = (27, 26)
MUTED = (28,)
ACOUSTIC = (24, 25)


SUB = Layer("sub", SYNTH_BASS, gain_db=3, low_pass_hz=220)

GROOVE_GENRES = (
    Genre(
        "reggae",
        share=0.115,
        tempo=(68, 136),
        plans=("roots",),
        modes=("major", "major", "minor"),
        progressions=("I IV", "I V IV I", "I ii IV V", "i bVII", "i iv", "I vi ii V"),
        drums=("one drop", "one drop", "rockers"),
        kits=(0, 8),
        bass=(Layer("reggae", FINGERS + FRETLESS, low_pass_hz=500),),
        piano=(Layer("skank", PIANO),),
        other=(
            (Layer("skank", MUTED + CLEAN, gain_db=1), Layer("bubble", ORGAN, gain_db=-5)),
            (Layer("skank", CLEAN, gain_db=1), Layer("hits", (56, 61), gain_db=-4, only="chorus bridge intro")),
        ),
        vocals=("sing/sing", "sing/sing", "toast/sing"),
        swing=(0.5, 0.6),
        bass_db=3,
        hit=0.3,
        cousins=("dub", "funk", "pop"),
    ),
    Genre(
        "dub",
        share=0.07,
        tempo=(66, 132),
        plans=("dubwise",),
        modes=("minor",),
        progressions=("i", "i bVII", "i iv", "i v"),
        drums=("one drop", "steppers"),
        kits=(0, 24),
        bass=(Layer("reggae", FINGERS + FRETLESS, gain_db=2, low_pass_hz=400),),
        piano=(Layer("skank", PIANO + ORGAN, echo_beats=0.75),),
        other=(
            (Layer("skank", MUTED + CLEAN, echo_beats=0.75), Layer("hits", (56, 61, 22), gain_db=-5, echo_beats=0.75)),
        ),
        vocals=("toast/ooh", "ooh/ooh"),
        swing=(0.5, 0.58),
        room=0.22,
        bass_db=4,
        hit=0.1,
        cousins=("reggae", "house"),
    ),
    Genre(
        "trance",
        share=0.072,
        tempo=(116, 142),
        plans=("trance",),
        modes=("minor",),
        progressions=("i bVI bIII bVII", "i bVII bVI bVII", "i iv bVI v", "bVI bVII i i"),
        drums=("trance",),
        kits=(24,),
        bass=(Layer("offbeat", SYNTH_BASS, low_pass_hz=1200),),
        piano=(Layer("pad", (0, 5)), Layer("arpeggio", PIANO)),
        other=(
            (
                Layer("arpeggio", (81, 90), low_pass_hz=5200, echo_beats=0.75),
                Layer("pad", (89, 95, 50), gain_db=-4),
                Layer("riser", (122,), gain_db=-8, only="build breakdown"),
            ),
            (Layer("gate", (90, 81, 62), low_pass_hz=4500), Layer("riser", (122,), gain_db=-8, only="build breakdown")),
        ),
        vocals=("ooh/ooh", "none/none", "sing/ooh"),
        pump=0.7,
        hit=0.4,
        cousins=("house", "progressive"),
    ),
    Genre(
        "pop",
        share=0.11,
        tempo=(74, 132),
        plans=("pop", "song"),
        modes=("major", "major", "minor"),
        progressions=("I V vi IV", "vi IV I V", "I vi IV V", "IV V iii vi", "i bVI bIII bVII"),
        drums=("pop", "pop", "pop ballad"),
        kits=(0, 24),
        bass=(
            Layer("eighths", SYNTH_BASS + FINGERS, low_pass_hz=1500),
            Layer("long", FINGERS + SYNTH_BASS, low_pass_hz=1200),
        ),
        piano=(Layer("pound", (0, 1)), Layer("broken", (0, 4, 5)), Layer("pad", (4, 0))),
        other=(
            (Layer("pluck", (11, 46, 80), gain_db=-2), Layer("pad", (50, 89, 48), gain_db=-4)),
            (Layer("strum", ACOUSTIC), Layer("pad", (48, 50), gain_db=-4)),
            (Layer("gate", (90, 62), gain_db=-3, low_pass_hz=5000), Layer("pluck", (80, 11), gain_db=-4)),
        ),
        vocals=("sing/sing",),
        pump=0.25,
        hit=0.85,
        cousins=("house", "rock", "funk", "folk"),
    ),
    Genre(
        "hip-hop",
        share=0.058,
        tempo=(76, 124),
        plans=("loop",),
        modes=("minor", "dorian"),
        progressions=("im7 ivm7", "im9 ivm7", "im7 bVImaj7", "iim7 V7 Imaj7 Imaj7", "im7"),
        drums=("boom bap", "lazy break"),
        kits=(0, 8),
        bass=(Layer("follow", FINGERS + UPRIGHT, low_pass_hz=700),),
        piano=(Layer("loop", (4, 0, 5)), Layer("comp", (4,))),
        other=((Layer("loop", (73, 11, 45, 65), gain_db=-3),), (Layer("pad", (48, 49)), Layer("hits", (56, 61)))),
        vocals=("rap/rap", "rap/sing"),
        swing=(0.53, 0.6),
        swing_sixteenths=True,
        bass_db=2,
        hit=0.5,
        cousins=("rap", "funk", "jazz"),
    ),
    Genre(
        "rap",
        share=0.052,
        tempo=(78, 134),
        plans=("loop", "trap"),
        modes=("minor", "phrygian"),
        progressions=("i bVI", "i", "i bII", "i bVI bVII"),
        drums=("club", "club", "trap"),
        kits=(25, 24),
        bass=(SUB, Layer("follow", SYNTH_BASS, low_pass_hz=400)),
        piano=(Layer("loop", (0,)), Layer("stabs", (0, 5))),
        other=((Layer("loop", (45, 48, 81), gain_db=-2),), (Layer("hits", (48, 62, 55), gain_db=-2),)),
        vocals=("rap/rap",),
        bass_db=3,
        hit=0.55,
        cousins=("hip-hop", "dirty south rap"),
    ),
    Genre(
        "dirty south rap",
        share=0.057,
        tempo=(64, 132),
        plans=("trap",),
        modes=("minor", "phrygian"),
        progressions=("i", "i bII", "i bVI", "i bVI V V"),
        drums=("trap", "crunk", "trap"),
        kits=(25,),
        bass=(SUB,),
        piano=(Layer("loop", (0, 11)),),
        other=(
            (Layer("loop", (11, 14, 81), gain_db=-3), Layer("hits", (61, 62), gain_db=-1, only="chorus drop")),
            (Layer("hits", (61, 62, 55)), Layer("pad", (52, 48), gain_db=-5)),
        ),
        vocals=("rap/rap", "rap/rap", "rap/sing"),
        bass_db=4,
        hit=0.4,
        cousins=("rap", "hip-hop"),
    ),
    Genre(
        "funk",
        share=0.022,
        tempo=(84, 122),
        plans=("funk",),
        modes=("dorian", "blues"),
        progressions=("i9", "i9 IV9", "im7 ivm7"),
        drums=("funk",),
        kits=(0, 8),
        bass=(Layer("slap", SLAP, low_pass_hz=4000),),
        piano=(Layer("clav", CLAVINET), Layer("stabs", (4, 16))),
        other=((Layer("scratch", MUTED + CLEAN), Layer("hits", (61, 56), gain_db=-2)),),
        vocals=("sing/sing", "rap/sing"),
        hit=0.4,
        cousins=("hip-hop", "pop", "jazz"),
    ),
    Genre(
        "house",
        share=0.024,
        tempo=(108, 130),
        plans=("house",),
        modes=("minor", "dorian"),
        progressions=("im7 ivm7", "im9 bVImaj7", "i bVII bVI bVII"),
        drums=("four floor",),
        kits=(24,),
        bass=(Layer("octave bass", SYNTH_BASS, low_pass_hz=900),),
        piano=(Layer("stabs", (0, 5)),),
        other=((Layer("gate", (90, 50), gain_db=-2, low_pass_hz=4500),), (Layer("pad", (50, 89)),)),
        vocals=("sing/sing", "ooh/sing"),
        pump=0.55,
        hit=0.6,
        cousins=("trance", "pop"),
    ),
)

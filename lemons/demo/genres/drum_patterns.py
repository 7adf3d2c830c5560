"""Drum patterns as data: one string for each drum, one sign for each sixteenth of a bar.

Signs: X accent, x stroke, o ghost note, = two strokes (thirty-seconds), % three strokes (triplet); anything else rests.
`calm` is played below `CALM_LEVEL` of a section's energy, `full` above. Patterns of another length have other meters.
"""

__all__ = ["CALM_LEVEL", "DRUM_KEYS", "PATTERNS"]

# General-MIDI keys of the drum kit
DRUM_KEYS = {
    "kick": 36,
    "snare": 38,
    "rim": 37,
    "clap": 39,
    "hat": 42,
    "pedal": 44,
    "open": 46,
    "ride": 51,
    "bell": 53,
    "crash": 49,
    "high tom": 50,
    "mid tom": 47,
    "low tom": 45,
    "floor tom": 43,
    "tambourine": 54,
    "cowbell": 56,
    "shaker": 70,
    "conga": 63,
}
CALM_LEVEL = 0.65

PATTERNS = {
    # the one drop: beat one stays empty, kick and rim fall together
    "one drop": {
        "calm": {"kick": "....X.......X...", "rim": "....X.......X...", "hat": "o.x.o.x.o.x.o.xo"},
        "full": {
            "kick": "....X.......X...",
            "rim": "....X..o....X.o.",
            "hat": "o.x.o.xoo.x.o.x.",
            "shaker": "..o...o...o...o.",
        },
    },
    "rockers": {
        "calm": {"kick": "....X.......X...", "rim": "....X.......X...", "hat": "..x...x...x...x."},
        "full": {
            "kick": "x...X..x....X...",
            "snare": "....X.......X..o",
            "hat": "..x...x...x...x.",
            "open": "..............x.",
        },
    },
    "steppers": {
        "calm": {"kick": "X...x...X...x...", "hat": "..x...x...x...x."},
        "full": {"kick": "X...X...X...X...", "rim": "....x..o....x.o.", "hat": "..x.o.x...x.o.x."},
    },
    "four floor": {
        "calm": {"kick": "X...X...X...X...", "hat": "..x...x...x...x."},
        "full": {
            "kick": "X...X...X...X...",
            "clap": "....X.......X...",
            "open": "..x...x...x...x.",
            "hat": "o.o.o.o.o.o.o.o.",
        },
    },
    "trance": {
        "calm": {"kick": "X...X...X...X...", "hat": "..x...x...x...x."},
        "full": {
            "kick": "X...X...X...X...",
            "clap": "....x.......x...",
            "open": "..X...X...X...X.",
            "hat": "xoxoxoxoxoxoxoxo",
        },
    },
    "shuffle": {
        "calm": {"kick": "X.......x.......", "rim": "....X.......X...", "ride": "x...x.x.x...x.x."},
        "full": {"kick": "X.....x.x.......", "snare": "....X.o.....X.o.", "ride": "x.x.x.x.x.x.x.x."},
    },
    "slow blues": {
        "calm": {"kick": "X.......X.......", "rim": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
        "full": {"kick": "X.......X.x.....", "snare": "....X.......X.o.", "ride": "x.x.x.x.x.x.x.x."},
    },
    "backbeat": {
        "calm": {"kick": "X.....x.x.......", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        "full": {"kick": "X..x..x.x.x.....", "snare": "....X.......X...", "open": "x.x.x.x.x.x.x.x."},
    },
    "driving": {
        "calm": {"kick": "X...x.x.X...x...", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        "full": {
            "kick": "X.x...x.X.x...x.",
            "snare": "....X.......X...",
            "ride": "X...X...X...X...",
            "open": "..x...x...x...x.",
        },
    },
    "punk": {
        "calm": {"kick": "X.....X...X.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        "full": {"kick": "X..X..X.X..X..X.", "snare": "..X...X...X...X.", "crash": "x...x...x...x..."},
    },
    "half time": {
        "calm": {"kick": "X.....x.........", "snare": "........X.......", "hat": "x...x...x...x..."},
        "full": {"kick": "X.Xx..x.....x.x.", "snare": "........X.......", "crash": "x...x...x...x..."},
    },
    "syncopated metal": {
        "calm": {"kick": "X..X....X.X.....", "snare": "....X.......X...", "hat": "x...x...x...x..."},
        "full": {"kick": "X..X..X.X..X..XX", "snare": "....X.......X...", "crash": "x...x...x...x..."},
    },
    "double kick": {
        "calm": {"kick": "X.X.X.X.X.X.X.X.", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        "full": {"kick": "XxxxXxxxXxxxXxxx", "snare": "....X.......X...", "ride": "x.x.x.x.x.x.x.x."},
    },
    "gallop": {
        "calm": {"kick": "X.xxX.xxX.xxX.xx", "snare": "....X.......X...", "hat": "x...x...x...x..."},
        "full": {"kick": "X.xxX.xxX.xxX.xx", "snare": "....X.......X...", "crash": "x...x...x...x..."},
    },
    "breakdown": {
        "calm": {"kick": "X..X..X.....X...", "snare": "........X.......", "hat": "x...x...x...x..."},
        "full": {"kick": "X..X..XX.X..X..X", "snare": "........X.......", "crash": "x...x...x...x..."},
    },
    "pop": {
        "calm": {"kick": "X.......x.x.....", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
        "full": {
            "kick": "X...X...X...X...",
            "clap": "....X.......X...",
            "snare": "....x.......x...",
            "hat": "x.xox.xox.xox.xo",
        },
    },
    "pop ballad": {
        "calm": {"kick": "X.....x.........", "rim": "........x.......", "shaker": "o.x.o.x.o.x.o.x."},
        "full": {"kick": "X.....x.x.......", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
    },
    "boom bap": {
        "calm": {"kick": "X.........x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        "full": {"kick": "X..x...x..X.....", "snare": "....X..o.o..X..o", "hat": "x.x.x.xox.x.x.x."},
    },
    "lazy break": {
        "calm": {"kick": "X......x..x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        "full": {
            "kick": "X.x....x..x..x..",
            "snare": "....X..o....X.o.",
            "open": "..............x.",
            "hat": "x.x.x.x.x.x.x...",
        },
    },
    "club": {
        "calm": {"kick": "X..x..x.........", "clap": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        "full": {
            "kick": "X..x..x...x.x...",
            "clap": "....X.......X...",
            "snare": "....x.......x.o.",
            "hat": "xxxxxxx=xxxxx=x%",
        },
    },
    "trap": {
        "calm": {"kick": "X.........x.....", "clap": "........X.......", "hat": "x.x.x.x.x.x.x.%."},
        "full": {
            "kick": "X.....x..x....x.",
            "clap": "........X.......",
            "snare": "........X.......",
            "hat": "x=x.x%x=x.x=x%%=",
        },
    },
    "crunk": {
        "calm": {"kick": "X.....x.........", "clap": "........X.......", "hat": "x.x.x.=.x.x.x.=."},
        "full": {
            "kick": "X..x..X...x..x..",
            "clap": "....x...X...x...",
            "hat": "x.x=x.x%x.x=x=x%",
            "cowbell": "..x..x....x..x..",
        },
    },
    "swing": {
        "calm": {"ride": "X...x.x.X...x.x.", "pedal": "....x.......x..."},
        "full": {
            "kick": "x.........o.....",
            "snare": "......o......o..",
            "ride": "X...x.x.X...x.x.",
            "pedal": "....x.......x...",
        },
    },
    "train": {
        "calm": {"shaker": "x.o.x.o.x.o.x.o."},
        "full": {"kick": "X.......X.......", "snare": "ooxoooxoooxoooxo", "tambourine": "....x.......x..."},
    },
    "funk": {
        "calm": {"kick": "X.x.......x..x..", "snare": "....X..o.o..X..o", "hat": "x.x.x.x.x.x.x.x."},
        "full": {
            "kick": "X.x...x...x..x..",
            "snare": "....X..o.o..X..o",
            "hat": "xxxxxx.xxxxxxx.x",
            "open": "......x.......x.",
            "conga": "..x..x....x..xx.",
        },
    },
    # seven eighths: 2 + 2 + 3
    "seven": {
        "calm": {"kick": "X...x...x.....", "snare": "....x.......x.", "hat": "x.x.x.x.x.x.x."},
        "full": {"kick": "X..xx...X..x..", "snare": "....X.....o.X.", "ride": "x.x.x.x.x.x.x."},
    },
    "five": {
        "calm": {"kick": "X.....x.....x.......", "snare": "....x.......x...x...", "hat": "x.x.x.x.x.x.x.x.x.x."},
        "full": {"kick": "X..x..x.....x.x.....", "snare": "....X.......X...X..o", "ride": "x.x.x.x.x.x.x.x.x.x."},
    },
}

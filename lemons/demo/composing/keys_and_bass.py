"""The players of bass, piano and everything else: how a style turns chords into notes.

Every style is a function of a :class:`Take` that gives the notes of one bar, in beats. Rhythms are written as strings,
one sign for each sixteenth: X accent, x played, o soft, - held on, anything else rests.
"""

from dataclasses import dataclass

import numpy as np

from lemons.demo.composing.score import Bar, Chord, Note

__all__ = ["STYLES", "Take", "pick"]

STRENGTH = {"X": 108, "x": 88, "o": 62}
STEP = 0.25  # beats
SUB_LOWEST = 26  # MIDI pitch, 37 Hz: lower is felt rather than heard


@dataclass
class Take:
    """One bar to be played, with the state that the player keeps for the track."""

    bar: Bar
    next_chord: Chord
    scale: tuple[int, ...]  # pitch classes
    rng: np.random.Generator  # of this bar
    motif: np.random.Generator  # the same in every bar: what repeats is drawn from it
    kick: str  # the drums' kick pattern
    center: int  # MIDI pitch around which to play

    def rhythm(self, pattern: str) -> list[tuple[float, float, int]]:
        """The (offset, length, velocity) of a rhythm, cut or repeated to the bar, in beats."""
        n_steps = round(self.bar.beats / STEP)
        signs = (pattern * n_steps)[:n_steps]
        strokes = []
        for step, sign in enumerate(signs):
            if sign in STRENGTH:
                held = len(signs[step + 1 :]) - len(signs[step + 1 :].lstrip("-")) + 1
                strokes.append((step * STEP, held * STEP, round(STRENGTH[sign] * (0.8 + 0.2 * self.bar.level))))
        return strokes

    def chords(self, pattern: str, *, length: float | None = None, top: int = 4) -> list[Note]:
        """Block chords in a rhythm."""
        notes = []
        for at, held, velocity in self.rhythm(pattern):
            for pitch in self.bar.chord_at(at).near(self.center)[:top]:
                notes.append(self.note(at, length or held * 0.95, pitch, velocity))
        return notes

    def note(self, at: float, length: float, pitch: float, velocity: float) -> Note:
        """A note at an offset into this bar."""
        return Note(self.bar.start + at, length, int(pitch), int(velocity))

    def low(self, at: float = 0.0) -> int:
        """The root of the chord that sounds, in the bass register."""
        return self.bar.chord_at(at).bass(self.center)

    def step(self, pitch: int, steps: int) -> int:
        """So many degrees of the scale above or below a pitch."""
        direction = 1 if steps > 0 else -1
        for _ in range(abs(steps)):
            pitch += direction
            while pitch % 12 not in self.scale:
                pitch += direction
        return pitch


def pick(rng: np.random.Generator, *choices: str) -> str:
    """One of them."""
    return choices[rng.integers(len(choices))]


# --- bass


def eighths(take: Take) -> list[Note]:
    """Roots in eighths, a step up or down before the chord changes."""
    notes = [take.note(at, 0.46, take.low(at), v) for at, _, v in take.rhythm("X.x.x.x.X.x.x.x.")]
    if take.bar.last:
        notes[-1] = notes[-1]._replace(pitch=take.step(notes[-1].pitch, int(take.rng.choice([-1, 1, 2]))))
    return notes


def long(take: Take) -> list[Note]:
    """Long roots with a pick-up of the fifth."""
    pattern = pick(take.motif, "X-------x-----x-", "X-----x-X-------", "X---------x---o-")
    return [
        take.note(at, held * 0.95, take.low(at) + (7 if at in (2.5, 3.5) else 0), v)
        for at, held, v in take.rhythm(pattern)
    ]


def reggae(take: Take) -> list[Note]:
    """A melodic line that leaves the first beat or the gaps empty; the same figure all along."""
    pattern = pick(
        take.motif, "..x-x-..X-x-....", "X-..x-x-....x-x-", "....X-x-x-..x-..", "X-x-..x-..X-....", "..X-..x-x-x-...."
    )
    line = take.motif.choice([0, 0, 7, 12, 10, 4], 8)
    notes = []
    for i, (at, held, v) in enumerate(take.rhythm(pattern)):
        pitch = take.low(at) + line[i % 8]
        while pitch % 12 not in take.scale:
            pitch -= 1
        notes.append(take.note(at, held * 0.85, pitch, v))
    return notes


def offbeat(take: Take) -> list[Note]:
    """Between the kicks: rests on the beat, three sixteenths or one eighth after it."""
    pattern = pick(take.motif, "..x...x...x...x.", ".xxx.xxx.xxx.xxx", "..xx..xx..xx..xx")
    return [take.note(at, 0.22, take.low(at), v + 10) for at, _, v in take.rhythm(pattern)]


def octave_bass(take: Take) -> list[Note]:
    """Root and octave in turn, on and off the beat."""
    pattern = pick(take.motif, "X.x.X.x.X.x.X.x.", "X.xxX.x.X.xxX.x.")
    return [take.note(at, 0.3, take.low(at) + (12 if at % 1 else 0), v) for at, _, v in take.rhythm(pattern)]


def walking(take: Take) -> list[Note]:
    """Quarter notes through the chord, a chromatic step before the next root."""
    root, notes = take.low(), []
    goal = take.next_chord.bass(take.center)
    tones = take.bar.chord_at(0).intervals
    for beat in range(round(take.bar.beats)):
        if beat == round(take.bar.beats) - 1:
            pitch = goal + int(take.rng.choice([-1, 1, 2]))
        else:
            pitch = root + (0 if beat == 0 else int(take.rng.choice([tones[1], tones[2], 12, 9])))
        notes.append(take.note(beat, 0.85, pitch, 100 if beat % 2 else 92))
        if take.rng.random() < 0.18:
            notes.append(take.note(beat + 0.5, 0.3, pitch, 68))
    return notes


def sub(take: Take) -> list[Note]:
    """Long, deep notes with the kick; the last one of a section slides down."""
    strokes = take.rhythm(take.kick)[:4]
    ends = [at for at, _, _ in strokes[1:]] + [take.bar.beats]
    notes = [
        take.note(at, 0.92 * (end - at), take.bar.chord_at(at).bass(SUB_LOWEST), 112)
        for (at, _, _), end in zip(strokes, ends, strict=True)
    ]
    if take.bar.last and notes:
        notes[-1] = notes[-1]._replace(pitch=notes[-1].pitch - 5)
    return notes


def follow(take: Take) -> list[Note]:
    """With the kick, and a little answer before the bar ends."""
    answer = int(take.motif.choice([-1, 1, 2]))
    notes = [take.note(at, 0.45, take.low(at), v) for at, _, v in take.rhythm(take.kick)]
    return [*notes, take.note(take.bar.beats - 0.5, 0.4, take.step(take.low(), answer), 84)]


def slap(take: Take) -> list[Note]:
    """Sixteenths with popped octaves."""
    pattern = pick(take.motif, "X..x..xx..x.x.x.", "X.x...x..xX..x.x", "X..X..x.x.x...xx")
    pop = take.motif.random(16) < 0.35
    return [
        take.note(at, 0.2, take.low(at) + (12 if pop[round(at / STEP) % 16] and at % 1 else 0), v)
        for at, _, v in take.rhythm(pattern)
    ]


def riff(take: Take) -> list[Note]:
    """One figure of roots, fifths and steps, as the guitars play it."""
    pattern = pick(take.motif, "X..X..x.X.x.x...", "X.xX..X.X..x..x.", "X...x.X..X..x.x.")
    line = take.motif.choice([0, 0, 0, 1, 2, -2], 16)
    strokes = enumerate(take.rhythm(pattern))
    return [take.note(at, 0.3, take.step(take.low(at), int(line[i % 16])), v) for i, (at, _, v) in strokes]


def ostinato(take: Take) -> list[Note]:
    """A figure in eighths that runs through the odd bar and moves with the chords."""
    line = take.motif.choice([0, 2, 4, 6, 7, 4, 2], 20)
    holes = take.motif.random(20) < 0.2
    strokes = take.rhythm("X.x.x.x.X.x.x.x.")
    return [
        take.note(at, 0.45, take.step(take.low(at), int(line[i])), v)
        for i, (at, _, v) in enumerate(strokes)
        if i == 0 or not holes[i]
    ]


def gallop_bass(take: Take) -> list[Note]:
    """Roots in the rhythm of a gallop."""
    return [take.note(at, 0.22, take.low(at), v) for at, _, v in take.rhythm("X.xxX.xxX.xxX.xx")]


# --- chords


def skank(take: Take) -> list[Note]:
    """Short chords on every off-beat, nothing on the beat."""
    pattern = pick(take.motif, "..X...X...X...X.", "..X...X...X...X.", "..Xo..X...Xo..X.")
    return take.chords(pattern, length=0.2)


def bubble(take: Take) -> list[Note]:
    """The organ's shuffle around the skank."""
    return take.chords(".oxo.oxo.oxo.oxo", length=0.16, top=3)


def pad(take: Take) -> list[Note]:
    """Held chords."""
    return [
        take.note(at, length * 0.98, pitch, 70 + 20 * take.bar.level)
        for at, length, chord in take.bar.chords
        for pitch in chord.near(take.center)[:4]
    ]


def stabs(take: Take) -> list[Note]:
    """Syncopated short chords."""
    return take.chords(pick(take.motif, "X..x..X...x.x...", "..X..x..X..x..x.", "X..X..X.....x.x."), length=0.28)


def comp(take: Take) -> list[Note]:
    """Sparse chords wherever the pianist likes."""
    pattern = pick(
        take.rng, "X.....x.........", "......x.....X...", "x-....x-......x-", "....X.....x-....", "X---......x....."
    )
    return take.chords(pattern)


def pound(take: Take) -> list[Note]:
    """Chords in quarters, eighths where it gets loud."""
    return take.chords("X.x.X.x.X.x.X.x." if take.bar.level > 0.8 else "X-..x-..X-..x-..", length=0.45)


def boogie(take: Take) -> list[Note]:
    """Left hand: fifth and sixth in turn; right hand: a chord now and then."""
    notes = []
    for at, _, v in take.rhythm("X.x.X.x.X.x.X.x."):
        root = take.bar.chord_at(at).bass(take.center - 17)
        notes += [take.note(at, 0.4, root, v), take.note(at, 0.4, root + (9 if at % 2 >= 1 else 7), v - 8)]
    return notes + comp(take)


def gate(take: Take) -> list[Note]:
    """A broad chord chopped into sixteenths."""
    pattern = pick(take.motif, "X.xx.xx.X.xx.xx.", "X..x..x.X..x..x.", "xx.xxx.xxx.xxx.x")
    return take.chords(pattern, length=0.2)


def clav(take: Take) -> list[Note]:
    """Sixteenths, most of them dead."""
    return take.chords(pick(take.motif, "X.ox..xo.x.oX.x.", "xo.Xo.x..oXo.x.o"), length=0.14, top=3)


def scratch(take: Take) -> list[Note]:
    """The guitar's muted sixteenths with accents."""
    return take.chords(pick(take.motif, "ooXooXooooXooXoo", "oXooooXooXoooXoo"), length=0.12, top=3)


def hits(take: Take) -> list[Note]:
    """Stabs of the horns, not in every bar."""
    if take.bar.number % 2:
        return []
    return take.chords(
        pick(take.motif, "X..X........x.x.", "........X..X....", "X-----..x.x.....", "......X.X......."), top=3
    )


STYLES = {
    function.__name__.replace("_", " "): function
    for function in (
        *(eighths, long, reggae, offbeat, octave_bass, walking, sub, follow, slap, riff, ostinato, gallop_bass),
        *(skank, bubble, pad, stabs, comp, pound, boogie, gate, clav, scratch, hits),
    )
}

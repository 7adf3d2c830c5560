"""More players: guitars, arpeggios, loops, solos and what sweeps through the air."""

from lemons.demo.composing.keys_and_bass import Take, pick
from lemons.demo.composing.score import Note

__all__ = ["FIGURES"]


def power(take: Take) -> list[Note]:
    """Power chords: ringing in choruses, damped eighths elsewhere."""
    if take.bar.level > 0.8:
        return _powers(take, pick(take.motif, "X-----X-X-----x-", "X---X---X---X---", "X-----x-x-X---x-"))
    return _powers(take, "X.x.x.x.X.x.x.x.", length=0.2)


def strum(take: Take) -> list[Note]:
    """Strummed chords, down and up, the strings one after the other."""
    notes = []
    for at, _, v in take.rhythm(pick(take.motif, "X...x.x...x.x.x.", "X.x.x.xxx.x.x.xx", "X...x...x.x.x.x.")):
        pitches = take.bar.chord_at(at).near(take.center - 5) + take.bar.chord_at(at).near(take.center + 7)[:2]
        up = at % 1 >= 0.5
        for i, pitch in enumerate(reversed(pitches) if up else pitches):
            notes.append(take.note(at + 0.02 * i, 0.7, pitch, v - 14 * up - 2 * i))
    return notes


def chug(take: Take) -> list[Note]:
    """Damped low chords with the kick; a ringing one opens the bar."""
    notes = _powers(take, take.kick.replace("o", "x"), length=0.17)
    if take.bar.level > 0.8 and take.bar.number % 2 == 0:
        notes += _powers(take, "X---" + "." * 12, up=12)
    return notes


def gallop(take: Take) -> list[Note]:
    """The riff of heavy metal: long, short, short, and ringing chords in every second bar of a chorus."""
    if take.bar.level > 0.95 and take.bar.number % 2:
        return _powers(take, "X-------X---X---")
    return _powers(take, pick(take.motif, "X.xxX.xxX.xxX.xx", "X.xxX.xxX.X.X.xx", "xxXxxxXxxxXxX.X."), length=0.16)


def _powers(take: Take, pattern: str, *, length: float | None = None, up: int = 0) -> list[Note]:
    """Root and fifth, the octave too where it rings."""
    notes = []
    for at, held, v in take.rhythm(pattern):
        root = take.bar.chord_at(at).bass(40) + up
        for interval in (0, 7) if length else (0, 7, 12):
            notes.append(take.note(at, length or 0.95 * held, root + interval, v))
    return notes


def octaves(take: Take) -> list[Note]:
    """A short melody in octaves, up the neck."""
    line = take.motif.choice([0, 1, 2, 4, 2, 1], 16)
    notes = []
    for i, (at, held, v) in enumerate(take.rhythm("X-x-x-x-X-x-x-x-")):
        pitch = take.step(take.bar.chord_at(at).bass(59), int(line[i // 2]))
        notes += [take.note(at, held * 0.9, pitch, v), take.note(at, held * 0.9, pitch + 12, v - 6)]
    return notes


def arpeggio(take: Take) -> list[Note]:
    """Broken chords over two octaves, in sixteenths where it is loud, else in eighths."""
    order = take.motif.permutation(6)
    notes = []
    for i, (at, _, v) in enumerate(take.rhythm("Xxxx" if take.bar.level > 0.45 else "X.x.")):
        tones = take.bar.chord_at(at).near(take.center)[:3]
        ladder = tones + [one + 12 for one in tones]
        notes.append(take.note(at, 0.3, ladder[order[i % 6] % len(ladder)], v - 8))
    return notes


def picking(take: Take) -> list[Note]:
    """Fingers on a guitar: thumb on the beat, the others between."""
    notes = []
    order = take.motif.permutation(3)
    for i, (at, _, v) in enumerate(take.rhythm("X.xox.xoX.xox.xo")):
        tones = take.bar.chord_at(at).near(take.center + 2)
        pitch = take.bar.chord_at(at).bass(43) if at % 1 == 0 else tones[order[i % 3] % len(tones)]
        notes.append(take.note(at, 0.8, pitch, v - 6))
    return notes


def broken(take: Take) -> list[Note]:
    """Broken chords in eighths, with the root below."""
    notes = [take.note(at, held * 0.9, chord.bass(43), 84) for at, held, chord in take.bar.chords]
    for i, (at, _, v) in enumerate(take.rhythm("x.x.x.x.")):
        tones = take.bar.chord_at(at).near(take.center)
        notes.append(take.note(at, 0.6, tones[(0, 2, 1, 2)[i % 4] % len(tones)], v - 10))
    return notes


def pluck(take: Take) -> list[Note]:
    """A catchy figure of a few notes, high up, that stays while the chords move."""
    pattern = pick(take.motif, "X..x..x.X..x..x.", "x.x..xx.x.x..xx.", "X.xx..x.x.xx..x.")
    line = take.motif.choice([0, 1, 2, 2, 1], 16)
    notes = []
    for i, (at, _, v) in enumerate(take.rhythm(pattern)):
        tones = take.bar.chord_at(at).near(take.center + 12)
        notes.append(take.note(at, 0.3, tones[line[i % 16] % len(tones)], v))
    return notes


def loop(take: Take) -> list[Note]:
    """A bar as if cut out of an old record: the same notes again and again."""
    pattern = pick(take.motif, "X..x..x...x.x...", "X...x.x..x......", "x.x.x.x.X...x...", "X-----x-x---....")
    line = take.motif.choice([0, 1, 2, 3, 4, 2, 0], 16)
    home = take.bar.chord_at(0).bass(take.center)
    return [
        take.note(at, max(0.3, held * 0.9), take.step(home, int(line[i % 16])), v)
        for i, (at, held, v) in enumerate(take.rhythm(pattern))
    ]


def lead(take: Take) -> list[Note]:
    """A solo: a phrase that is asked in one bar and answered in the next, blue notes and runs included."""
    if take.rng.random() < 0.15:
        return []
    pattern = pick(take.motif, "X-x-x-X---..x-x-", "..x-x-X-x-x-X---", "X---x-xxX-x-x---", "xxxxX---..x-X---")
    if take.bar.number % 2:
        pattern = pick(take.rng, "X-x-x-x-X-------", "xxxxxxxxX-------", "..X---x-X---....")
    pitch = take.bar.chord_at(0).near(take.center + 9)[int(take.rng.integers(3))]
    notes = []
    for at, held, v in take.rhythm(pattern):
        notes.append(take.note(at, held * 0.92, pitch, v + int(take.rng.integers(-8, 9))))
        pitch = take.step(pitch, int(take.rng.choice([-2, -1, -1, 1, 1, 2])))
        if abs(pitch - take.center - 9) > 10:
            pitch = take.bar.chord_at(at).near(take.center + 9)[1]
    return notes


def riser(take: Take) -> list[Note]:
    """Noise that swells and climbs towards the next section."""
    steps = round(take.bar.beats * 2)
    return [take.note(0.5 * i, 0.8, 60 + 2 * i, 40 + 70 * i / steps) for i in range(steps)]


FIGURES = {
    function.__name__: function
    for function in (power, strum, chug, gallop, octaves, arpeggio, picking, broken, pluck, loop, lead, riser)
}

"""Cutting a stem in time: what a hard cut, a cut at a quiet point and fades of several lengths leave to be heard.

    python bench/clicks.py

takes tracks of the demo library and cuts every stem that sounds at the borders of five equal segments. The *click* is
the energy above 4 kHz within 5 ms of the cut, in decibels relative to what is usual in the stem around it (median over
0.2 s): 0 dB is inconspicuous. The last column is what the listener's model hears of it: by how much the logits of
single components change against fades of 10 ms.
"""

import numpy as np
from report import table, write_section
from scipy.signal import butter, sosfiltfilt

from lemons.audio import SAMPLE_RATE
from lemons.config import read_config
from lemons.exact import score_table
from lemons.library import open_library
from lemons.segments import Segments
from recsys.checkpoints import load_checkpoint
from recsys.model_runs import best_checkpoint

N_TRACKS, N_SEGMENTS, LISTENER = 16, 5, "marko"
N_HEARD = 4  # tracks that the model is asked about: three more passes of the engine each
HIGH = butter(4, 4000, "highpass", fs=SAMPLE_RATE, output="sos")
NEAR, AROUND = SAMPLE_RATE // 200, SAMPLE_RATE // 10
AUDIBLE = 10 ** (-60 / 20)  # RMS around the cut; softer stems are left out
MS = SAMPLE_RATE // 1000
CONSPICUOUS = 6  # dB
HEARD = ("fade of 10 ms", "hard, equal", "fade of 20 ms")  # the first is what the others are compared with


def quiet_point(stems: np.ndarray, border: int, reach: int) -> int:
    """The sample within reach of a border where all stems together have least energy over half a millisecond."""
    around = stems[:, border - reach - AROUND : border + reach + AROUND]
    energy = np.convolve((around**2).sum(axis=0), np.ones(MS // 2), "same")
    return border - reach + int(energy[AROUND:-AROUND].argmin())


def click(y: np.ndarray, segments: Segments, s: int) -> float:
    """How far the beginning of a segment stands out of a stem, in dB."""
    cut = np.zeros_like(y)
    cut[slice(*segments.spans[s])] = segments.part(y, s)
    border = segments.borders[s]
    window = slice(border - 2 * AROUND, border + 2 * AROUND)
    high = [sosfiltfilt(HIGH, sound[window]) for sound in (cut, y)]
    here = np.sqrt(np.mean(high[0][2 * AROUND - NEAR : 2 * AROUND + NEAR] ** 2))
    usual = np.median(np.sqrt(np.mean(high[1][AROUND:-AROUND].reshape(-1, NEAR) ** 2, axis=1)))
    return 20 * np.log10((here + 1e-7) / (usual + 1e-7))


def ways(stems: np.ndarray) -> dict[str, Segments]:
    """Segments of a track, cut in every way."""
    equal = Segments.equal(stems.shape[1], N_SEGMENTS)
    inner = equal.borders[1:-1]
    found = {"hard, equal": equal}
    for reach in (20, 50, 150):
        quiet = [quiet_point(stems, border, reach * MS) for border in inner]
        found[f"hard, quietest within ±{reach} ms"] = Segments((0, *quiet, stems.shape[1]))
    for fade in (2, 5, 10, 20, 40):
        found[f"fade of {fade} ms"] = Segments(equal.borders, fade * MS)
    return found


def main():
    config = read_config()
    library = open_library(config.library_path)
    model, _ = load_checkpoint(best_checkpoint(config.experiments_path, LISTENER, library=library))
    clicks, shifts = {}, {}
    for number, track_id in enumerate(np.random.default_rng(0).choice(library.tracks.index, N_TRACKS, replace=False)):
        stems = np.stack(list(library.stems(track_id).values()))
        for way, segments in ways(stems).items():
            for s in range(1, N_SEGMENTS):
                around = slice(segments.borders[s] - AROUND, segments.borders[s] + AROUND)
                heard = [y for y in stems if np.sqrt(np.mean(y[around] ** 2)) > AUDIBLE]
                clicks.setdefault(way, []).extend(click(y, segments, s) for y in heard)
        if number < N_HEARD:
            singles = np.eye(N_SEGMENTS * len(stems), dtype=int)
            tables = {way: score_table(model, stems, segments) for way, segments in ways(stems).items() if way in HEARD}
            logits = {way: table.logits(singles) for way, table in tables.items()}
            for way in HEARD:
                shifts.setdefault(way, []).extend(np.abs(logits[way] - logits[HEARD[0]]))
    rows = []
    for way, found in clicks.items():
        median, tenth = np.percentile(found, [50, 90])
        shift = f"{np.mean(shifts[way]):.3f}, at most {np.max(shifts[way]):.2f}" if way in shifts else ""
        share = np.mean(np.array(found) > CONSPICUOUS)
        rows.append([way, f"{median:+.1f}", f"{tenth:+.1f}", f"{100 * share:.0f} %", shift])
    head = ["cut", "click, median dB", "worst tenth dB", f"above {CONSPICUOUS} dB", "change of logits"]
    text = f"{N_TRACKS} tracks, {len(clicks['hard, equal'])} cuts of stems that sound, model of {LISTENER}."
    write_section("Clicks at the borders of segments", f"{text}\n\n{table(head, rows)}")
    print(table(head, rows))


if __name__ == "__main__":
    main()

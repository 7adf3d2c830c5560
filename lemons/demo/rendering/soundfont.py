"""A sampler for one SoundFont: notes in, waveform out.

Reads the General-MIDI font ``TimGM6mb.sf2`` that the wheel of pretty_midi carries, after the SoundFont 2.04
specification, as far as this font needs it: key and velocity ranges, loops, tuning, volume envelope, static low-pass
and attenuation; no modulators. Conventions: pitches are MIDI numbers (69 is A4, 440 Hz), velocities 1 to 127 with
amplitude growing with the square, as SoundFont's default curve does. A tone is made once for each key and kept.
"""

import hashlib
import struct
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path

import numpy as np

from lemons.audio import SAMPLE_RATE
from lemons.errors import DataError
from lemons.extras import require

__all__ = ["DRUM_BANK", "FONT_SHA256", "Sampler", "check_font", "find_font"]

FONT_FILE = "TimGM6mb.sf2"
FONT_SHA256 = "82475b91a76de15cb28a104707d3247ba932e228bada3f47bba63c6b31aaf7a1"
DRUM_BANK = 128
NYQUIST = SAMPLE_RATE / 2
TONE_LENGTHS = tuple(int(s * SAMPLE_RATE) for s in (0.25, 0.5, 1, 2, 4, 8, 16))  # samples; longer notes fall silent
RELEASE_FLOOR_DB = 50.0  # a released tone is dropped when it is this much down
MAX_RELEASE_S = 0.7

# generators of the specification, section 8.1.3, by number
FILTER_FC, MOD_ENV_TO_FC, INSTRUMENT, KEY_RANGE, VELOCITY_RANGE = 8, 11, 41, 43, 44
ATTACK, HOLD, DECAY, SUSTAIN, RELEASE = 34, 35, 36, 37, 38
ATTENUATION, COARSE_TUNE, FINE_TUNE, SAMPLE_ID, SAMPLE_MODES, SCALE_TUNING, ROOT_KEY = 48, 51, 52, 53, 54, 56, 58
DEFAULTS = {FILTER_FC: 13500, ATTACK: -12000, HOLD: -12000, DECAY: -12000, RELEASE: -12000, SCALE_TUNING: 100}


def find_font() -> Path:
    """Where pretty_midi keeps its font; pretty_midi itself is not imported.

    Raises
    ------
    MissingDependencyError
        if pretty_midi is not installed
    DataError
        if its font is missing or another one than the demo library is made with
    """
    require("the orchestra of the demo library", "pretty_midi", extra="demo")
    path = Path(str(distribution("pretty_midi").locate_file("pretty_midi"))) / FONT_FILE
    check_font(path)
    return path


def check_font(path: Path) -> None:
    """Refuse a font that is not the one whose sounds the demo library is made of.

    Raises
    ------
    DataError
        if the file is missing or has another SHA-256
    """
    remedy = "pip install --force-reinstall 'pretty_midi==0.2.11.post0'"
    if not path.is_file():
        raise DataError(f"no soundfont at {path}; {remedy}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != FONT_SHA256:
        raise DataError(f"{path} is another soundfont (sha256 {digest[:12]}..., not {FONT_SHA256[:12]}...); {remedy}")


class Sampler:
    """The instruments of a SoundFont.

    Parameters
    ----------
    path : Path
        the .sf2 file
    """

    def __init__(self, path: Path):
        chunks = _chunks(Path(path).read_bytes())
        self._samples = np.frombuffer(chunks["smpl"], "<i2")
        self._headers = [
            struct.unpack_from("<20s5IBbHH", chunks["shdr"], i)[1:] for i in range(0, len(chunks["shdr"]) - 46, 46)
        ]
        instruments = _zones(chunks, "inst", 22, 20, SAMPLE_ID)
        self._presets = {}
        for (bank, program), zones in _zones(chunks, "phdr", 38, 20, INSTRUMENT).items():
            self._presets[bank, program] = [
                _merge(outer, inner) for outer in zones for inner in instruments[outer[INSTRUMENT]]
            ]
        # bound to the object: a tone lives as long as its sampler; 600 tones are some 60 MB
        self.tone = lru_cache(maxsize=600)(self._tone)

    def play(self, notes: Iterable[tuple[float, float, int, int]], *, program: int, n_samples: int, bank: int = 0):
        """Render the notes of one instrument.

        Parameters
        ----------
        notes : iterable of (start_s, duration_s, pitch, velocity)
            what to play; sounds are cut at the end of the waveform
        program : int in [0, 127]
            General-MIDI program, or the kit where ``bank`` is ``DRUM_BANK``
        n_samples : int > 0
            length of the result
        bank : int
            0, or ``DRUM_BANK``

        Returns
        -------
        np.ndarray [shape=(n_samples,), dtype=float32]
        """
        y = np.zeros(n_samples, np.float32)
        for start_s, duration_s, pitch, velocity in notes:
            start = max(0, round(start_s * SAMPLE_RATE))
            held = max(1, round(duration_s * SAMPLE_RATE))
            for number, zone in enumerate(self._presets[bank, program]):
                if not (_within(zone[KEY_RANGE], pitch) and _within(zone[VELOCITY_RANGE], velocity)):
                    continue
                release = _release(zone)
                wanted = min(held + len(release), n_samples - start)
                if wanted <= 0:
                    continue
                length = next((one for one in TONE_LENGTHS if one >= wanted), TONE_LENGTHS[-1])
                sound = self.tone(bank, program, number, pitch, length)[:wanted] * np.float32((velocity / 127) ** 2)
                tail = sound[held:]
                tail *= release[: len(tail)]
                y[start : start + len(sound)] += sound
        return y

    def _tone(self, bank: int, program: int, number: int, pitch: int, n_samples: int) -> np.ndarray:
        """One zone's sound at full velocity while its key is held, envelope included."""
        zone = self._presets[bank, program][number]
        first, end, loop_first, loop_end, rate, original, correction, _, _ = self._headers[zone[SAMPLE_ID]]
        root = zone[ROOT_KEY] if zone.get(ROOT_KEY, 255) <= 127 else original
        cents = (pitch - root) * zone[SCALE_TUNING] + 100 * zone[COARSE_TUNE] + zone[FINE_TUNE] + correction
        step = rate / SAMPLE_RATE * 2 ** (cents / 1200)  # samples of the font for one of ours
        cutoff = 8.176 * 2 ** ((zone[FILTER_FC] + 0.5 * max(0, zone[MOD_ENV_TO_FC])) / 1200)
        raw = _low_pass(self._samples[first:end].astype(np.float32) / 2**15, step, cutoff)

        position = np.arange(n_samples) * step
        if zone[SAMPLE_MODES] & 1 and loop_end - loop_first > 8:
            begin, length = loop_first - first, loop_end - loop_first
            # the interpolation looks two samples ahead: the loop is unrolled by as many
            raw = np.concatenate([raw[: begin + length], raw[begin : begin + 4]])
            position = np.where(position < begin + length, position, begin + (position - begin) % length)
        else:
            n_samples = min(n_samples, int((len(raw) - 3) / step))
            position = position[:n_samples]
        sound = _interpolate(raw, position)
        # attenuation counts 0.4 of its centibels, as in the hardware that fonts were made for
        gain = 10 ** (-0.4 * zone[ATTENUATION] / 200)
        return (sound * gain * _envelope(zone, n_samples)).astype(np.float32)


def _chunks(data: bytes) -> dict[str, bytes]:
    """The leaves of a RIFF file by name."""
    leaves, at = {}, 12
    while at < len(data):
        name, size = data[at : at + 4].decode(), struct.unpack_from("<I", data, at + 4)[0]
        if name == "LIST":
            at += 12  # its children follow
        else:
            leaves[name] = data[at + 8 : at + 8 + size]
            at += 8 + size + size % 2
    return leaves


def _zones(chunks: dict[str, bytes], header: str, size: int, key_at: int, last: int) -> dict:
    """The zones of every preset, by (bank, program), or of every instrument, by number; a global zone is folded in."""
    initial = header[0]
    bags = [first for first, _ in struct.iter_unpack("<HH", chunks[f"{initial}bag"])]
    generators = list(struct.iter_unpack("<Hh", chunks[f"{initial}gen"]))
    records = [chunks[header][i : i + size] for i in range(0, len(chunks[header]), size)]
    bag_at = 24 if initial == "p" else 20
    found = {}
    for number, (record, following) in enumerate(pairwise(records)):
        program, bank = struct.unpack_from("<HH", record, key_at) if initial == "p" else (number, 0)
        first, end = (struct.unpack_from("<H", one, bag_at)[0] for one in (record, following))
        shared: dict[int, int] = {}
        zones = []
        for bag in range(first, end):
            zone: dict[int, int] = shared | dict(generators[bags[bag] : bags[bag + 1]])
            if last in zone:
                zones.append(zone)
            else:
                shared = zone
        found[(bank, program) if initial == "p" else number] = zones
    return found


def _merge(preset: dict, instrument: dict) -> dict:
    """A preset's zone adds to its instrument's; ranges intersect."""
    merged = {name: DEFAULTS.get(name, 0) for name in (*range(59),) if name not in (ROOT_KEY,)} | instrument
    for name, value in preset.items():
        if name not in (KEY_RANGE, VELOCITY_RANGE, INSTRUMENT):
            merged[name] += value
    for name in (KEY_RANGE, VELOCITY_RANGE):
        ranges = [(one[name] & 255, (one[name] >> 8) & 255) for one in (preset, instrument) if name in one]
        merged[name] = (max((low for low, _ in ranges), default=0), min((high for _, high in ranges), default=127))
    return merged


def _within(bounds: tuple[int, int], value: int) -> bool:
    return bounds[0] <= value <= bounds[1]


def _seconds(timecents: int) -> float:
    return 2 ** (timecents / 1200)


def _envelope(zone: dict, n_samples: int) -> np.ndarray:
    """Attack (linear), hold, decay (linear in dB) and sustain."""
    t = np.arange(n_samples) / SAMPLE_RATE
    attack, hold = _seconds(zone[ATTACK]), _seconds(zone[HOLD])
    down_db = np.clip((t - attack - hold) * 100 / _seconds(zone[DECAY]), 0, min(zone[SUSTAIN] / 10, 100))
    return np.minimum(t / attack, 1) * 10 ** (-down_db / 20)


def _release(zone: dict) -> np.ndarray:
    """The gain of a tone after its key is let go."""
    db_per_second = max(100 / _seconds(zone[RELEASE]), RELEASE_FLOOR_DB / MAX_RELEASE_S)
    n_samples = max(1, int(RELEASE_FLOOR_DB / db_per_second * SAMPLE_RATE))
    return 10 ** (-db_per_second / 20 * np.arange(n_samples, dtype=np.float32) / SAMPLE_RATE)


def _low_pass(raw: np.ndarray, step: float, cutoff: float) -> np.ndarray:
    """Keep what survives the change of rate, then the font's own two-pole filter."""
    spectrum = np.fft.rfft(raw, 2 * len(raw))
    hz = np.fft.rfftfreq(2 * len(raw)) / step * SAMPLE_RATE
    gain = np.clip((NYQUIST - hz) / (0.1 * NYQUIST), 0, 1) / np.sqrt(1 + (hz / cutoff) ** 4)
    return np.fft.irfft(spectrum * gain)[: len(raw)].astype(np.float32)


def _interpolate(raw: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Values between samples by four-point cubic Hermite polynomials."""
    left = np.minimum(position.astype(np.int64), len(raw) - 3)
    x = (position - left).astype(np.float32)
    before, here, after, later = (raw[np.maximum(left + k, 0)] for k in (-1, 0, 1, 2))
    c1, c3 = 0.5 * (after - before), 1.5 * (here - after) + 0.5 * (later - before)
    return ((c3 * x + (after - here - c1 - c3)) * x + c1) * x + here

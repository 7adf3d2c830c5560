"""How long separators take and how much memory, for 30 s of stereo at 44.1 kHz and for hours; each in its own process.

    python bench/separation.py                             whatever runs without downloads
    python bench/separation.py --weights FOLDER            Spleeter's official weights, in FOLDER/2stems and so on
    python bench/separation.py --reference-python PATH     beside spleeter 2.4.2, in a Python that has it
    python bench/separation.py --music A.flac B.mp3        on this music; spleeter's stems are compared on all of it
    python bench/separation.py --hours 1                   how long the stream is

Without the official weights, random ones are drawn, which are as fast. Ways take turns, and of all calls the fastest
counts.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":  # before torch is imported
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

import numpy as np
import soundfile
import soxr
from report import machine, peak_memory, table, write_section
from spleeter_random import random_variables

from lemons.errors import LemonsError
from lemons.separation import get_separator
from lemons.separation.spleeter import PUBLISHED, Spleeter, load_spleeter

SR = 44100  # Hz
CLIP_S = 30
BLOCK = 2**18  # samples
REFERENCE = Path(__file__).with_name("spleeter_reference.py")
DEMUCS = "demucs:htdemucs_6s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, help="folder of the official 2stems, 4stems and 5stems")
    parser.add_argument("--reference-python", help="a Python 3.8 to 3.11 with spleeter==2.4.2")
    parser.add_argument("--music", type=Path, nargs="+", help="default: noise and tones")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way, of two calls each")
    parser.add_argument("--hours", type=float, default=10 / 60, help="length of the stream (default: 10 minutes)")
    args = parser.parse_args()
    where = machine()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        clips = prepare_clips(args.music, folder)
        weights = args.weights or prepare_weights(clips[0], folder, args.reference_python)
        text = bench(args, where, clips, weights, folder)
    print(text)
    write_section("Separating a track (bench/separation.py)", text)


def bench(args, where, clips, weights, folder):
    ways = {"hpss": ["hpss", "separate"]}
    if find_spec("demucs"):
        try:
            get_separator(DEMUCS)
            ways[DEMUCS] = [DEMUCS, "separate"]
        except LemonsError:
            pass  # its weights are not here
    for name in PUBLISHED:
        ways[name] = [name, "separate"]
        ways[f"{name}, stereo"] = [name, "separate_stereo"]
        if args.reference_python:
            ways[f"spleeter 2.4.2, {name[9:]}"] = [name, "reference"]
    found = {way: [] for way in ways}
    for _ in range(args.rounds):
        for way, (name, method) in ways.items():
            found[way].append(measure(name, method, weights, clips[0], folder / "out.npz", args.reference_python))
            print(way, found[way][-1], flush=True)
    rows = []
    for way, (name, _) in ways.items():
        seconds = min(min(turn["seconds"]) for turn in found[way])
        memory = max(turn["peak"] for turn in found[way])
        rows.append([way, f"{seconds:.2f}", f"{memory / 1e9:.2f}"])
        if args.reference_python:
            theirs = found.get(f"spleeter 2.4.2, {name[9:]}")
            times = min(min(turn["seconds"]) for turn in theirs) / seconds if theirs else None
            part = memory / max(turn["peak"] for turn in theirs) if theirs else None
            rows[-1] += [f"{times:.1f}", f"{part:.2f}"] if theirs else ["", ""]
    head = ["way", "seconds", "peak GB", *(["times faster", "of its memory"] if args.reference_python else [])]
    stream = measure("spleeter:5stems", f"stream {args.hours}", weights, clips[0], folder / "out.npz", None)
    kind = f"The weights are those in {args.weights.name}." if args.weights else "Spleeter's weights are random."
    return f"""
{CLIP_S} s of stereo at 44.1 kHz. {kind}
{where}.
A call to `separate` gives mono stems that sum to the mix; "stereo" is what spleeter itself gives. Memory is that of the
whole process, with its libraries and the weights.

{table(head, rows)}

A stream of {args.hours * 60:.0f} minutes through spleeter:5stems took {stream["seconds"][0]:.0f} s \
and {stream["peak"] / 1e9:.2f} GB.
{compare(args.reference_python, weights, clips, folder) if args.reference_python else ""}
"""


def compare(python, weights, clips, folder):
    """The largest differences from spleeter's stems, in words."""
    lines = []
    for name in PUBLISHED:
        model, worst = load_spleeter(name, weights / name[9:]), []
        for clip in clips:
            measure(name, "reference", weights, clip, folder / "reference.npz", python, repeats=1)
            ours = model.separate_stereo(np.load(clip))
            with np.load(folder / "reference.npz") as theirs:
                worst.append(max(np.abs(ours[stem] - theirs[stem]).max() for stem in theirs))
        lines.append([name, *(f"{value:.1e}" for value in worst)])
    head = ["largest difference from spleeter's stems", *(clip.stem.replace("_", " ")[:30] for clip in clips)]
    return "\n" + table(head, lines)


def measure(name, method, weights, clip, out, python, *, repeats=2):
    """Seconds of each call and peak memory, from a process of its own."""
    if method == "reference":
        command = [python, REFERENCE, "separate", name, clip, out, str(repeats)]
        settings = {"MODEL_PATH": str(weights), "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    else:
        code = "import sys; from separation import work; work(*sys.argv[1:])"
        command = [sys.executable, "-c", code, name, method, weights, clip, str(repeats)]
        settings = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])}
    ran = subprocess.run(list(map(str, command)), env=os.environ | settings, stdout=subprocess.PIPE, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


def work(name, method, weights, clip, repeats):
    """What the process does: separate, and print what it took."""
    waveform = np.load(clip)
    separator = load(name, Path(weights))
    seconds = []
    for _ in range(1 if method.startswith("stream") else int(repeats)):
        start = time.perf_counter()
        if method == "separate":
            separator.separate(waveform, SR)
        elif method == "separate_stereo":
            separator.separate_stereo(waveform)
        else:
            n_blocks = int(float(method.split()[1]) * 3600 * SR / BLOCK)
            for _ in separator.stream((waveform[:, :BLOCK] for _ in range(n_blocks)), SR):
                pass
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "peak": peak_memory()}))


def load(name, weights):
    """A separator; Spleeter's weights are a checkpoint, or an npz file where there was no TensorFlow to make one."""
    if not name.startswith("spleeter"):
        return get_separator(name)
    if (weights / name[9:]).is_dir():
        return load_spleeter(name, weights / name[9:])
    with np.load(weights / f"{name[9:]}.npz") as variables:
        return Spleeter(name, PUBLISHED[name], dict(variables))


def prepare_clips(music, folder):
    """The middle 30 s of each file as (2, n_samples) arrays on disk."""
    if not music:
        time_s = np.arange(CLIP_S * SR) / SR
        tones = sum(
            np.sin(2 * np.pi * f * time_s) * np.exp(-(time_s * f / 200 % 1)) for f in (110, 220, 330, 1000, 5000)
        )
        noise = np.random.default_rng(0).standard_normal((2, CLIP_S * SR))
        np.save(folder / "synthetic.npy", (0.05 * tones + 0.05 * noise).astype(np.float32))
        return [folder / "synthetic.npy"]
    clips = []
    for path in music:
        y, sr = soundfile.read(path, dtype="float32", always_2d=True)
        y = soxr.resample(y, sr, SR)[:, [0, -1]].T
        start = max(0, (y.shape[1] - CLIP_S * SR) // 2)
        clips.append(folder / f"{path.stem}.npy")
        np.save(clips[-1], np.ascontiguousarray(y[:, start : start + CLIP_S * SR]))
    return clips


def prepare_weights(clip, folder, python):
    """Random weights of the three models: checkpoints written by TensorFlow, or npz files without it."""
    for name, configuration in PUBLISHED.items():
        path = folder / f"{name[9:]}.npz"
        np.savez(path, **random_variables(name, configuration, np.load(clip)))
        if python:
            settings = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
            command = [python, REFERENCE, "save", name, path, folder / name[9:]]
            subprocess.run(list(map(str, command)), env=os.environ | settings, check=True)
    return folder


if __name__ == "__main__":
    main()

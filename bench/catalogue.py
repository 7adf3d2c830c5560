"""What a large library costs before anything is heard: opening it, recommending from it, the page's first view.

    OMP_NUM_THREADS=1 python bench/catalogue.py

Libraries are made up: n tracks in folders of a thousand, whose files are hard links to a few short sounds, and a tenth
as many listeners (at most ten thousand) who played a hundred tracks each. The first one's model has random weights, and
their relevance of all tracks is kept already, as it is once the model has heard them. Each figure is of a process of
its own: seconds of the processor, which other programs change little, and the most memory that it held.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from report import machine, table, write_section

from lemons.audio import FULL_SCALE, SAMPLE_RATE, write_flac
from lemons.library import open_library
from lemons.listeners import LISTENERS
from recsys.checkpoints import MODEL_FILE, save_checkpoint
from recsys.data.splits import load_or_draw_split
from recsys.model import FCN
from recsys.model_runs import finish_run, new_run
from recsys.relevance import keep_scores

ROOT = Path(__file__).resolve().parents[1]
N_PLAYED = 100  # tracks of a listener
MAX_LISTENERS = 10_000
PER_FOLDER = 1000  # tracks
SECONDS = 2  # of a track
LINKS = 20_000  # to one file; file systems take some 60,000
GENRES = ("pop", "rock", "jazz", "techno", "folk")
OPEN = "from lemons.library import open_library; open_library({library!r}).users"
# a process of its own, since Linux counts what the parent held before a program began as the program's
START = """
import os, sys
status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)[1:]
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
VIEW = """
import time
from streamlit.testing.v1 import AppTest
import explanations.app, explanations.core.explain_track
page = AppTest.from_file({app!r}, default_timeout=600)
begun = time.process_time()
page.run()
assert not page.exception and not page.error, (page.exception, page.error)
print(time.process_time() - begun)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, nargs="+", default=[440, 10_000, 100_000, 1_000_000])
    parser.add_argument("--dry", action="store_true", help="print only")
    args = parser.parse_args()
    where, rows = machine(), []
    for n in args.tracks:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(Path(folder), n))
            print(*rows[-1], sep="  ", flush=True)
    head = ["tracks", "listeners", "plays", *(f"{what}, s (MB)" for what in WHAT)]
    text = f"{where}.\n\n{table(head, rows)}"
    print(text)
    if not args.dry:
        write_section("A large library (bench/catalogue.py)", text)


WHAT = ("first opening", "opening", "recommend", "recommend, unheard", "the page's first view")


def measure(folder, n):
    """A row of the table."""
    rng = np.random.default_rng(0)
    n_plays = make_library(rng, folder / "library", n)
    opening = [sys.executable, "-c", OPEN.format(library=str(folder / "library"))]
    found = [cost(opening, folder), cost(opening, folder)]
    keep_relevance(rng, folder)
    recommend = [sys.executable, "-m", "lemons", "recommend", "--listener", LISTENERS[0].name]
    found += [cost(recommend, folder), cost([*recommend, "--pool", "unheard"], folder)]
    found.append(cost([sys.executable, "-c", VIEW.format(app=str(ROOT / "explanations" / "app.py"))], folder))
    return [f"{n:,}", f"{n_listeners(n):,}", f"{n_plays:,}", *(f"{s:.2f} ({mb:.0f})" for s, mb in found)]


def n_listeners(n):
    """A tenth of the tracks, within limits."""
    return min(max(n // 10, len(LISTENERS)), MAX_LISTENERS)


def make_library(rng, folder, n):
    """Write tables and link files; return the number of plays."""
    sounds = []
    for i in range(n // LINKS + 1):
        y = np.rint(rng.uniform(-0.3, 0.3, SECONDS * SAMPLE_RATE) * FULL_SCALE) / FULL_SCALE
        write_flac(folder / "sounds" / f"{i}.flac", y.astype(np.float32))
        sounds.append(folder / "sounds" / f"{i}.flac")
    with open(folder / "tracks.csv", "w") as file:
        file.write("track_id,title,artist,genre,file,year\n")
        for i in range(n):
            place = folder / "audio" / f"{i // PER_FOLDER:04}"
            if i % PER_FOLDER == 0:
                place.mkdir(parents=True)
            os.link(sounds[i // LINKS], place / f"{i:07}.flac")
            path = f"audio/{place.name}/{i:07}.flac"
            file.write(f"T{i:07},Song number {i},Band {i // 10},{GENRES[i % len(GENRES)]},{path},{1960 + i % 60}\n")
    names = [one.name for one in LISTENERS]
    names += [f"listener{i:05}" for i in range(len(names), n_listeners(n))]
    with open(folder / "listens.csv", "w") as file:
        file.write("user,track_id,playcount\n")
        for name in names:
            for track in rng.choice(n, N_PLAYED, replace=False):
                file.write(f"{name},T{track:07},{rng.geometric(0.2)}\n")
    return N_PLAYED * len(names)


def keep_relevance(rng, folder):
    """Give the first listener a model that has heard all tracks."""
    library, user = open_library(folder / "library"), LISTENERS[0].name
    load_or_draw_split(library, user)
    torch.manual_seed(0)
    run = new_run(folder / "experiments", user)
    save_checkpoint(run / MODEL_FILE, FCN(), {"user": user})
    finish_run(run, {"user": user, "library": library.fingerprint, "best": {"score": 0.5}})
    track_ids = list(library.rows)
    keep_scores(run / MODEL_FILE, library, track_ids, rng.normal(size=len(track_ids)))
    paths = {"library_path": "library", "experiments_path": "experiments", "explanations_path": "explanations"}
    (folder / "config.py").write_text("\n".join(f"{name} = {value!r}" for name, value in paths.items()))


def cost(command, folder):
    """Processor seconds of a command, or those that it prints, and the most memory that it held, in MB."""
    environment = os.environ | {"LEMONS_CONFIG": str(folder / "config.py"), "LEMONS_CACHE": str(folder / "cache")}
    environment.pop("LEMONS_LIBRARY", None)
    started = [sys.executable, "-S", "-c", START, *command]
    done = subprocess.run(started, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    *said, figures = done.stdout.splitlines()
    seconds, kilobytes = figures.split()
    return float(said[-1] if "-c" in command and said else seconds), int(kilobytes) * 1024 / 1e6


if __name__ == "__main__":
    main()

"""Kills workers, drivers and nodes of `lemons fleet explain` on Ray; what is left must be what nobody disturbed.

    python bench/faults.py --kills 12 --seed 0

The tracks are composed by the demo's own code and cut short. One of them is damaged, and one listener has too few
tracks for a model; both must be named, and nothing else may be missing. Two nodes of Ray run on this machine, with one
core each by their own account. At random moments a worker, the driver (which is started again) or a node (in whose
place another comes) gets SIGKILL. At the end every result must have the bytes that one process without Ray makes.
As root, results also go to a small tmpfs until that is full.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lemons.hashing import hash_file

ROOT = Path(__file__).resolve().parents[1]
NODE = {"num_cpus": 1, "object_store_memory": 2**27}
APART = (1, 2)  # results between two kills, so that all kinds of units are met
PAUSE_S = (0.0, 3.0)  # after these
FULL_KB = 24  # of the small disk: some results fit
LISTENERS = ("marko", "nina", "john")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tracks", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a track")
    parser.add_argument("--separator", default="hpss")
    parser.add_argument("--dry", action="store_true", help="print only")
    parser.add_argument(
        "--drive", nargs=4, metavar=("TRUNK", "RESULTS", "ADDRESS", "SEPARATOR"), help=argparse.SUPPRESS
    )
    args = parser.parse_args()
    if args.drive:
        command(*args.drive)
        return
    from report import machine, table, write_section

    where = machine()
    with TemporaryDirectory() as folder:
        folder = Path(folder)
        os.environ["LEMONS_CACHE"] = str(folder / "cache")
        library = compose_library(folder / "library", args.tracks, args.seconds)
        trunk = fresh_trunk(folder / "trunk.pt")
        how = {"library": library, "trunk": trunk, "separator": args.separator}
        start = time.perf_counter()
        alone = finish(drive(folder / "alone", **how))
        alone_s, expected = time.perf_counter() - start, contents(folder / "alone")
        rows = []
        with two_nodes() as cluster:
            start = time.perf_counter()
            n_drivers = args.kills // 3
            what = ["node", *["driver"] * n_drivers, *["worker"] * (args.kills - n_drivers - 1)]
            what = np.random.default_rng(args.seed).permutation(what).tolist()
            kills, again, twice = disturb(cluster, folder / "disturbed", what, seed=args.seed, **how)
            disturbed_s = time.perf_counter() - start
            found = contents(folder / "disturbed")
            rows = [[str(i), f"{s:.1f}", one, str(n)] for i, (s, one, n) in enumerate(kills, start=1)]
            small = on_a_full_disk(cluster, folder / "small", expected, **how)
    kinds = Counter(Path(name).parts[0] for name in expected)
    text = f"{where}.\n{args.tracks} tracks of {args.seconds:g} s, one of them damaged; {len(LISTENERS)} listeners, "
    text += f"and one with a single track; seed {args.seed}.\n"
    text += f"Units: {', '.join(f'{n} of {kind}' for kind, n in sorted(kinds.items()))}.\n\n"
    text += table(["kill", "after s", "of", "units made by then"], rows)
    facts = [
        ["results of the undisturbed run", len(expected)],
        ["of them missing after the kills", len(expected.keys() - found.keys())],
        ["of them with other bytes", sum(found.get(name) != digest for name, digest in expected.items())],
        ["results that the undisturbed run does not have", len(found.keys() - expected.keys())],
        ["finished results that were made again", twice],
        ["what the undisturbed run names as failed", alone],
        ["what the disturbed one names at its end", again],
        ["seconds, in one process", f"{alone_s:.0f}"],
        ["seconds, killed and started again", f"{disturbed_s:.0f}"],
        [f"results on a disk of {FULL_KB} kB, and then on a larger one", small],
    ]
    text += "\n\n" + table(["what", ""], [[name, str(fact)] for name, fact in facts])
    print(text)
    if not args.dry:
        write_section("Kills (bench/faults.py)", text)


def compose_library(path, n_tracks, seconds):
    """Tracks of the demo from their tenth second on, a damaged one, and listeners who played every third."""
    from lemons.audio import SAMPLE_RATE, to_float, write_flac
    from lemons.demo.composing.compose import compose
    from lemons.demo.composing.score import make_rng
    from lemons.demo.genres.draw import draw_genres
    from lemons.demo.rendering.mixing import render
    from lemons.demo.rendering.soundfont import Sampler, find_font

    sampler, span = Sampler(find_font()), slice(10 * SAMPLE_RATE, int((10 + seconds) * SAMPLE_RATE))
    for number, genre in enumerate(draw_genres(n_tracks, make_rng(0, -1, "genres"))):
        stems = render(compose(0, number, genre), sampler, seed=0, number=number)
        mix = np.asarray(sum(stems.values()))[span].astype(np.int16)
        write_flac(path / "audio" / f"T{number}.flac", to_float(mix))
    write_tables(path, n_tracks)
    return path


def write_tables(path, n_tracks):
    """The tables of such a library, of which T7 is damaged, and paige played a single track."""
    (path / "audio" / "T7.flac").write_bytes(b"fLaC, they say")
    tracks = "".join(f"T{i},Song,Band,rock,audio/T{i}.flac\n" for i in range(n_tracks))
    listens = "".join(f"{LISTENERS[i % 3]},T{i},1\n" for i in range(n_tracks))
    (path / "tracks.csv").write_text("track_id,title,artist,genre,file\n" + tracks)
    (path / "listens.csv").write_text("user,track_id,playcount\n" + listens + "paige,T1,1\n")


def fresh_trunk(path):
    import torch

    from recsys.checkpoints import save_checkpoint
    from recsys.model import FCN

    torch.manual_seed(0)
    save_checkpoint(path, FCN(), {})
    return path


def command(trunk, results, address, separator):
    """`lemons fleet explain`, with small units, so that kills meet all kinds of them."""
    from explanations.cli import main as lemons
    from recsys.fleet.embeddings import embedding_units
    from recsys.fleet.heads import head_units

    embedding_units.__kwdefaults__["shard"], head_units.__kwdefaults__["shard"] = 3, 1
    sys.argv = ["lemons", "fleet", "explain", "--kind", "source", "--top", "4", "--trunk", trunk, "--results", results]
    sys.argv += ["--address", address, *(["--separator", separator] if separator else [])]
    lemons()


def drive(results, *, library, trunk, separator="", address=""):
    """Start the command in a process of its own."""
    arguments = ["--drive", str(trunk), str(results), address, separator]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "LEMONS_LIBRARY": str(library), "OMP_NUM_THREADS": "1"}
    environment |= {"RAY_USAGE_STATS_ENABLED": "0", "OMP_WAIT_POLICY": "PASSIVE"}
    return subprocess.Popen(
        [sys.executable, __file__, *arguments],
        cwd=library,  # where no config.py is
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(driver):
    """What a command names as failed, once it has ended."""
    _, errors = driver.communicate()
    named = [line.removeprefix("lemons: ").partition(":")[0] for line in errors.splitlines() if line[:8] == "lemons: "]
    if driver.returncode not in (0, 1):
        raise RuntimeError(errors[-2000:])
    return ", ".join(sorted(name for name in named if "failed; mend that" not in name)) or "nothing"


@contextmanager
def two_nodes():
    """A cluster on this machine; its attribute ``second`` is the node that can be lost."""
    from ray.cluster_utils import Cluster

    before = os.environ.copy()
    settings = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    os.environ |= settings | {"RAY_worker_niceness": "0"}  # by default, Ray's workers give way to any other program
    cluster = Cluster()
    try:
        cluster.add_node(**NODE, include_dashboard=False)
        cluster.second = cluster.add_node(**NODE)
        yield cluster
    finally:
        cluster.shutdown()
        os.environ.clear()
        os.environ |= before


def contents(results):
    """Hashes of all results by name; who is killed while writing leaves a hidden file, which nobody reads."""
    files = Path(results).glob("*/[!.]*.parquet")
    return {file.relative_to(results).as_posix(): hash_file(file) for file in files}


def disturb(cluster, results, what, *, seed, pause_s=PAUSE_S, **how):
    """Start the command, kill what belongs to it at random moments, and start it again until it ends by itself.

    Parameters
    ----------
    cluster, results
        from `two_nodes`, and a folder
    what : list of {"worker", "driver", "node"}
        what is killed, in this order
    seed : int
        of the moments, and of which worker
    pause_s : (float, float)
        between `APART` more results and a kill
    **how
        see `drive`

    Returns
    -------
    kills : list of (float, str, int)
        when, in seconds, what, and how many results there were; fewer where the work ended before
    named : str
        what the command that ended by itself names as failed
    twice : int
        how often a result that was there was written again
    """
    rng, start = np.random.default_rng(seed), time.perf_counter()
    todo, kills, seen, twice = list(what), [], {}, 0
    driver, due, wanted = drive(results, address=cluster.address, **how), None, rng.integers(*APART, endpoint=True)
    while driver.poll() is None:
        for file in Path(results).glob("*/[!.]*.parquet"):
            version = file.stat().st_mtime_ns
            twice += seen.get(file, version) != version
            seen[file] = version
        busy = workers(cluster)
        if due is None and todo and len(seen) >= wanted:
            due = time.perf_counter() + rng.uniform(*pause_s)
        if due and time.perf_counter() >= due and busy:
            kills.append((time.perf_counter() - start, todo[0], len(seen)))
            if todo[0] == "worker":
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(int(rng.choice(sorted(busy))), signal.SIGKILL)
            elif todo[0] == "node":
                cluster.remove_node(cluster.second, allow_graceful=False)
                cluster.second = cluster.add_node(**NODE)
            else:
                driver.kill()
                driver.communicate()
                driver = drive(results, address=cluster.address, **how)
            todo, due, wanted = todo[1:], None, len(seen) + rng.integers(*APART, endpoint=True)
        time.sleep(0.05)
    return kills, finish(driver), twice


def workers(cluster):
    """Processes of this cluster's nodes that are at a unit."""
    nodes = [node.all_processes["raylet"][0].process.pid for node in cluster.list_all_nodes()]
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in nodes and (process / "cmdline").read_bytes().startswith(b"ray::attempt"):
                found.add(int(process.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def on_a_full_disk(cluster, place, expected, **how):
    """Run the command on a disk that fills up, then on a larger one."""
    place.mkdir()
    size = f"size={FULL_KB}k,nr_inodes=10k"
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)], check=False).returncode
    ):
        return "skipped, for want of the right to mount one"
    try:
        finish(drive(place, address=cluster.address, **how))
        found = contents(place)
        whole = sum(expected.get(name) == digest for name, digest in found.items())
        left = len([file for file in place.rglob("*") if file.is_file()]) - len(found)
        subprocess.run(["mount", "-o", "remount,size=200m", str(place)], check=True)
        finish(drive(place, address=cluster.address, **how))
        same = sum(contents(place).get(name) == digest for name, digest in expected.items())
    finally:
        subprocess.run(["umount", str(place)], check=True)
    return f"{len(found)}, of which {whole} whole, and {left} other files; then {same} of {len(expected)}"


if __name__ == "__main__":
    main()

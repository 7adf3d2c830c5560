"""``pip install lemons-explanations`` without an extra: what it can do, and what it says of the rest.

Its environment is a folder of links to the packages that it brings, as their metadata name them, and to nothing else.
Python starts with this folder and without its site-packages (``-S``), so that no other package can be imported.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lemons
from tools.sizes import brought

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("lemons", "recsys", "explanations")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A function that runs Python with arguments in the small installation; it gives what it printed."""
    site = tmp_path_factory.mktemp("site")
    for one in brought().values():
        for name in {file.parts[0] for file in one.files or [] if file.parts[0] not in ("..", "__pycache__")}:
            (site / name).symlink_to(Path(str(one.locate_file(name))).resolve())
    for name in PACKAGES:
        (site / name).symlink_to(ROOT / name)
    folder = tmp_path_factory.mktemp("elsewhere")

    def run(*arguments, code=0):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "LEMONS"))}
        environment |= {"PYTHONPATH": str(site), "LEMONS_CACHE": str(folder / "cache")}
        command = [sys.executable, "-S", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout.splitlines(), done.stderr.splitlines()

    return run


def test_it_brings_none_of_the_large_packages():
    large = {"torch", "librosa", "pandas", "matplotlib", "sacred", "streamlit", "tensorboard", "numba", "pyarrow"}
    assert not large & set(brought())


def test_it_explains_measures_and_reads_a_library(bare):
    bare(ROOT / "tests" / "smoke.py")


def test_a_beat_tracker_is_asked_for(bare):
    program = "import lemons.segments, numpy; lemons.segments.find_segments('beats:2', numpy.zeros(9999))"
    error = bare("-c", program, code=1)[1][-1]
    assert error.endswith("finding beats needs librosa: pip install 'lemons-explanations[separation]'")


def test_grids_need_no_extra_and_superpixels_name_theirs(bare):
    program = """
import numpy as np
from lemons.audiolime import ImageLikeFactorization, TimeFrequencyTorchFactorization
print(TimeFrequencyTorchFactorization(np.ones((4, 6)), 16000, 2, 3, baseline="unif").get_number_components())
ImageLikeFactorization(np.zeros(9), 16000, np.ones((4, 6)))"""
    told, errors = bare("-c", program, code=1)
    assert told == ["6"]
    assert errors[-1].endswith("ImageLikeFactorization needs skimage: pip install 'lemons-explanations[images]'")


ROOMS = {  # and what they ask for
    "lemons.render": "exact",
    "lemons.separation.spleeter": "separation",
    "lemons.taggers": "recommender",
    "lemons.library.msd": "recommender",
    "lemons.library.own_library": "recommender",
    "lemons.library.real": "recommender",
    "lemons.fleet": "scale",
    "recsys.model": "recommender",
    "recsys.records.read": "recommender",
    "explanations.core.precompute": "recommender",
    "explanations.render.export": "recommender",
    "explanations.studies.stability": "recommender",
    "explanations.page.ask": "page",
}


def test_a_room_that_it_lacks_packages_for_names_the_extra(bare):
    program = f"""
import importlib
from lemons.errors import MissingDependencyError
for room in {tuple(ROOMS)}:
    try:
        importlib.import_module(room)
    except MissingDependencyError as error:
        print(room, str(error).partition("lemons-explanations[")[2])
"""
    assert bare("-c", program)[0] == [f"{room} {extra}]'" for room, extra in ROOMS.items()]


def test_the_engine_that_it_lacks_torch_for_names_the_extra(bare):
    error = bare("-c", "import lemons; lemons.score_table", code=1)[1][-1]
    assert error.endswith("the exact engine needs torch: pip install 'lemons-explanations[exact]'")


def test_a_bucket_that_it_lacks_pyarrow_for_names_the_extra(bare):
    error = bare("-c", "from lemons.library import open_library; open_library('s3://music/demo')", code=1)[1][-1]
    assert error.endswith("a folder in a bucket needs pyarrow: pip install 'lemons-explanations[scale]'")


COMMANDS = {
    "library demo": "demo",
    "library own --audio a --listens b": "recommender",
    "library real": "recommender",
    "library msd --triplets a --metadata b --snippets c": "recommender",
    "train": "recommender",
    "fleet train --trunk a": "scale",
    "fleet separate --separator hpss": "scale",
    "evaluate": "recommender",
    "report": "recommender",
    "recommend --listener marko": "recommender",
    "portrait --listener marko": "recommender",
    "precompute": "recommender",
    "explain a.wav --listener marko --out why": "recommender",
    "explain a.wav --listener marko --versus nina --out why": "recommender",
    "explain a.wav --model musicnn:MTT --out why": "recommender",
    "separate a.wav --separator hpss --out why": "separation",
    "separate a.wav --separator spleeter:5stems --out why": "separation",
    "separate a.wav --separator demucs:htdemucs --out why": "demucs",
    "weights spleeter:5stems": "separation",
    "weights musicnn:MTT": "recommender",
    "truth": "recommender",
}


def test_a_command_that_it_lacks_packages_for_names_the_extra(bare):
    """In one process, since each start takes half a second."""
    program = f"""
import sys
from explanations.cli import main
for command in {tuple(COMMANDS)}:
    sys.argv = ["lemons", *command.split()]
    try:
        main()
    except SystemExit as end:
        print(end.code, command)
"""
    ended, told = bare("-c", program)
    assert ended == [f"2 {command}" for command in COMMANDS]
    assert [line.partition("pip install ")[2] for line in told] == [
        f"'lemons-explanations[{extra}]'" for extra in COMMANDS.values()
    ]


def test_the_command_starts_and_lists_what_separators_lack(bare):
    assert bare("-m", "lemons", "--version")[0] == [f"lemons {lemons.__version__}"]
    lacks = [line for line in bare("-m", "lemons", "separators")[0] if "librosa" in line]
    assert [line.strip() for line in lacks] == ["lacks librosa: pip install 'lemons-explanations[separation]'"]

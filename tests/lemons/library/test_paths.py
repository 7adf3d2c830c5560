"""Paths of other machines: what is meant, and what is left open."""

import pytest

from lemons.library.matching import AudioFile, Matcher
from lemons.library.paths import PathIndex
from lemons.library.plays import Play

PATHS = ["Zoë/First/01 Intro.flac", "Zoë/Late/01 Intro.flac", "Bob/x.mp3", "BOB/X.mp3", "top.wav", "v1.5 beta.ogg"]


def find(path, folder="/home/zoe/Music"):
    return [PATHS[at] for at in PathIndex([[one] for one in PATHS], folder=folder).find(path)]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("01 Intro.flac", PATHS[:2]),
        ("01 Intro", PATHS[:2]),
        ("First/01 Intro.flac", PATHS[:1]),
        ("first/01 intro.flac", PATHS[:1]),
        ("/old/Zoë/First/01 Intro.flac", PATHS[:1]),
        ("/old/ZOË/FIRST/01 INTRO", PATHS[:1]),
        ("/old/Eve/First/01 Intro.flac", PATHS[:1]),  # a folder and a name agree
        ("/old/Eve/Other/01 Intro.flac", []),  # a name is not enough
        ("Eve/First/02 Intro.flac", []),
        ("Bob/x.mp3", PATHS[2:3]),  # letter case tells where it can
        ("BOB/X.mp3", PATHS[3:4]),
        ("bob/x.mp3", PATHS[2:4]),
        ("x.mp3", PATHS[2:3]),
        ("/anywhere/top.wav", ["top.wav"]),
        ("Music/top.wav", ["top.wav"]),
        ("v1.5 beta", ["v1.5 beta.ogg"]),
        ("", []),
        ("/", []),
        ("file:///", []),
        ("..", []),
        ("%FF%FE", []),
    ],
)
def test_the_longest_common_end_decides(path, found):
    assert find(path) == found


def test_the_folders_above_tell_files_apart_that_are_else_alike():
    index = PathIndex([["a.mp3"], ["Music/a.mp3"]], folder="/home/zoe/Music")
    assert index.find("zoe/Music/a.mp3") == [0]
    assert index.find("Music/Music/a.mp3") == [1]


def test_a_path_that_fits_several_files_means_none_unless_its_names_tell():
    files = [AudioFile(str(at), path, f"Title {at}", "Zoë") for at, path in enumerate(PATHS)]
    matcher = Matcher(files)
    assert matcher.find(Play(track="01 Intro.flac")) == ("", ("0", "1"))
    assert matcher.find(Play(track="01 Intro.flac", artist="Zoë", title="Title 1")) == ("1", ())
    assert matcher.find(Play(track="01 Intro.flac", artist="Zoë", title="Title 2")) == ("", ("0", "1"))


def test_a_link_to_a_file_is_a_name_of_it():
    matcher = Matcher([AudioFile("a", "b/one.flac", links=("best of/one again.flac",))])
    assert matcher.find(Play(track=r"M:\best of\one again.flac")).track_id == "a"

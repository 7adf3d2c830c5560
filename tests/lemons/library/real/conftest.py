"""Packages of free music, as they are but for their size and their music."""

import io
import tarfile

import mutagen
import numpy as np
import pytest
import soundfile

from lemons.library.real import excerpts, make_real_library

RATE = 8000  # Hz
GAMES = "usr/share/games"
MIT = "Copyright (c) 2006 Carlos Viola Iborra\n\nPermission is hereby granted, free of charge, to any person\nobtaining"
CC = "under the licence which can be viewed\nat http://creativecommons.org/licenses/by-sa/3.0 or in license.txt"
GPL = "under the terms of the GNU General Public License version 2\n  or at your option any later version.\n" + MIT


def _ogg(n_seconds, pitch, *, level=0.5, **tags):
    """A tone as the bytes of an Ogg file with these tags."""
    file = io.BytesIO()
    y = level * np.sin(2 * np.pi * pitch * np.arange(round(n_seconds * RATE)) / RATE)
    soundfile.write(file, y, RATE, format="OGG", subtype="VORBIS")
    file.seek(0)
    if tags:
        tagged = mutagen.File(file)
        tagged.update({name: [value] for name, value in tags.items()})
        file.seek(0)
        tagged.save(file)
    return file.getvalue()


def _tar(files, compression):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w:{compression}") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            else:  # the target of a link
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
    return stream.getvalue()


def _member(name, content):
    """A member of an ar archive, with its header of 60 bytes."""
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n"
    return header.encode() + content + b"\n" * (len(content) % 2)


def _deb(files, *, compression="xz"):
    ending = f".{compression}" if compression else ""
    members = {"debian-binary": b"2.0\n", f"control.tar{ending}": _tar({}, compression)}
    members[f"data.tar{ending}"] = _tar({f"./{name}": content for name, content in files.items()}, compression)
    return b"!<arch>\n" + b"".join(_member(*member) for member in members.items())


@pytest.fixture(scope="session")
def ogg():
    """The bytes of an Ogg file: ``ogg(n_seconds, pitch, level=0.5, **tags)``."""
    return _ogg


@pytest.fixture(scope="session")
def deb():
    """The bytes of a package: ``deb({path: content}, compression="xz")``; a text in place of bytes is a link."""
    return _deb


def _frets(home, key, n_songs):
    songs = {}
    for i in range(n_songs):
        folder = f"{home}/songs/{key}/Song {i}"
        songs |= {
            f"{folder}/guitar.ogg": _ogg(5.4, 200 + 10 * i, level=0.8),
            f"{folder}/song.ogg": _ogg(5.4, 400 + 10 * i, level=0.9),
            f"{folder}/song.ini": f"[song]\nname = {key} no. {i}: 100%\n".encode(),
        }
    return songs | {f"{home}/songs/{key}/library.ini": b"[library]\n"}


@pytest.fixture(scope="session")
def packages():
    """The files of each package by its name."""
    cc = {"license": "http://creativecommons.org/licenses/by-sa/3.0/"}
    tones = {
        f"singularity/music/{('', 'win/')[i % 2]}Tone {i}.ogg": _ogg(
            5, 300 + 10 * i, artist="Maxstack", title=f"Tone {i}", album=f"Album {i // 2}", **cc
        )
        for i in range(4)
    }
    core = "wesnoth/1.16/data/core/music"
    scores = {
        f"{core}/score_{name.split()[-1].lower()}_{i}.ogg": _ogg(
            5, 500 + 10 * i, artist=name, title=f"Score {i}", album="OST", license="GPL"
        )
        for name in ("Mattias Westlund", "Doug Kaufman")
        for i in range(4)
    }
    scores |= {
        f"{core}/stinger.ogg": _ogg(0.5, 600, artist="Doug Kaufman", title="Victory"),
        f"{core}/damaged.ogg": _ogg(5, 600, artist="Doug Kaufman", title="Cut")[:-2000],
        f"{core}/quiet.ogg": _ogg(5, 600, level=0, artist="Doug Kaufman", title="Rest"),
        f"{core}/silence.ogg": _ogg(2, 600, level=0),
    }
    music = {
        "fretsonfire-songs-sectoid": (_frets("fretsonfire/data", "sectoid", 4), MIT),
        "fretsonfire-songs-muldjord": (_frets("fretsonfire/data", "muldjord", 4), CC),
        "singularity-music": (tones, "released by Max McCracken"),
        "wesnoth-1.16-music": (scores, GPL),
    }
    return {
        package: {f"{GAMES}/{name}": content for name, content in files.items()}
        | {f"usr/share/doc/{package}/copyright": text.encode(), f"usr/share/doc/{package}/changelog.gz": b"no music"}
        for package, (files, text) in music.items()
    }


@pytest.fixture(scope="session")
def debs(tmp_path_factory, packages):
    """A folder with the four packages."""
    folder = tmp_path_factory.mktemp("debs")
    for name, files in packages.items():
        (folder / f"{name}_1%3a2.0-1_all.deb").write_bytes(_deb(files))
    return folder


@pytest.fixture(scope="session")
def one_second():
    """Excerpts of one second in place of thirty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(excerpts, "EXCERPT_S", 1)
        yield


@pytest.fixture(scope="session")
def made(tmp_path_factory, debs, one_second):
    """The library of these packages, and what was said of it."""
    folder = tmp_path_factory.mktemp("made") / "real"
    return folder, make_real_library(folder, debs=debs, root=folder / "nothing installed")

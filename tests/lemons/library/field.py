"""The twelve tracks of histories/music.csv, and what a history comes to beside them."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from lemons.library.histories import Play, read_history
from lemons.library.matching import AudioFile, Matcher

FIELD = Path(__file__).parents[2] / "histories"
TRACKS = list(csv.DictReader((FIELD / "music.csv").read_text(encoding="utf-8").splitlines()))
NAMES = [(track["artist"], track["title"], track["album"]) for track in TRACKS]
FILES = [AudioFile(str(at), one["file"], one["title"], one["artist"], one["album"]) for at, one in enumerate(TRACKS)]


class Result(NamedTuple):
    """What a history was read as, what it left out, and which plays no file fits."""

    read_as: str
    skipped: list[str]
    unmatched: list[Play]


def found(tmp_path, content, name="history"):
    """What came of a history, and how often each of the twelve tracks was played."""
    if not isinstance(content, Path):
        content = content if isinstance(content, str | bytes) else json.dumps(content)
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        content = tmp_path / name
    history, counts, unmatched = read_history(content), Counter(), []
    matcher = Matcher(FILES, folder="/home/zoe/My Music")
    for play in history.plays:
        match = matcher.find(play)
        if match and match.track_id:
            assert match.others == ()
            counts[TRACKS[int(match.track_id)]["title"]] += play.playcount
        else:
            unmatched.append(play)
    return Result("; ".join(history.read_as), history.sentences, unmatched), counts


def table(rows, delimiter=","):
    """A table as spreadsheets write it, with quotation marks where they are needed."""
    marked = [
        [f'"{one.replace(chr(34), 2 * chr(34))}"' if set(one) & set('",;\t\n') else one for one in row] for row in rows
    ]
    return "\r\n".join(map(delimiter.join, marked)) + "\r\n"

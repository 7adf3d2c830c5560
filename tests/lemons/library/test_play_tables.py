"""Plays in tables, with a first line or without."""

import pytest

from lemons.library.histories import read_history
from tests.lemons.library.field import NAMES, found, table


def test_excels_own_first_line_names_the_delimiter(tmp_path):
    text = "sep=|\nartist|title\n" + "\n".join(f"{artist}|{title}" for artist, title, _ in NAMES)
    assert len(found(tmp_path, text)[1]) == 12


UNCLOSED = [
    'Somebody,"Untitled,1',
    'Somebody,Un"titled,1',
    'Somebody,"Un, titled,1',
    'Somebody,"A" and "B,1',
    '"Some,body,1',
]


@pytest.mark.parametrize("line", UNCLOSED)
@pytest.mark.parametrize("place", [1, 6, 13])
def test_an_unclosed_quotation_mark_costs_its_own_line(tmp_path, line, place):
    lines = table([["artist", "title", "plays"], *([artist, title, "1"] for artist, title, _ in NAMES)]).splitlines()
    lines.insert(place, line)
    summary, counts = found(tmp_path, "\n".join(lines))
    assert len(counts) == 12
    assert len(summary.unmatched) == 1


def test_two_unclosed_quotation_marks_cost_two_lines(tmp_path):
    lines = table([["artist", "title"], *([artist, title] for artist, title, _ in NAMES)]).splitlines()
    lines[3:3] = ['Somebody,"Untitled']
    lines[9:9] = ['Somebody,12"', 'Somebody else,"']
    summary, counts = found(tmp_path, "\n".join(lines))
    assert (len(counts), len(summary.unmatched)) == (12, 3)


def test_an_inch_mark_closes_no_quotation_of_a_line_before(tmp_path):
    summary, counts = found(tmp_path, 'artist,title\nSomebody,"Untitled\nZoë Müller,Été\nElse,12"\n')
    assert counts == {"Été": 1}
    assert [play.title for play in summary.unmatched] == ['"Untitled', '12"']


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_rightly_quoted_cell_may_hold_line_breaks(tmp_path, end):
    text = end.join(["artist,title,plays", '"Zoë","So', "", 'What, now",3', 'B,"T', 'U"', '"C","say ""V""",2', ""])
    (tmp_path / "history").write_bytes(text.encode())
    plays = read_history(tmp_path / "history").plays
    assert [(play.artist, play.title, play.playcount) for play in plays[:1]] == [("Zoë", "So What, now", 3)]
    assert (plays[-1].title, plays[-1].playcount) == ('say "V"', 2)


def headless(order, delimiter, date="14 Nov 2023 22:13"):
    rows = []
    for artist, title, album in NAMES:
        row = {"artist": artist, "title": title, "album": album, "date": date, "": "", "seconds": "200"}
        rows.append([row[one] for one in order])
    return table(rows, delimiter)


HEADLESS = {
    "lastfm-to-csv": (["artist", "album", "title", "date"], ",", "14 Nov 2023 22:13"),
    "libre.fm": (["date", "title", "artist", "album", "", "", ""], "\t", "1700000000"),
    "libre.fm without ids": (["date", "title", "artist", "album"], "\t", "1700000000"),
    "maloja's older": (["date", "artist", "title", "album", "seconds"], "\t", "1700000000"),
    "universal scrobbler": (["artist", "title", "album", "date", "artist", "seconds"], ",", "2023-11-14 22:13:00"),
    "universal scrobbler, short": (["artist", "title", "album", "date"], ",", "11/14/23 22:13"),
    "three columns": (["artist", "title", "date"], ";", "14.11.2023"),
}


@pytest.mark.parametrize("kind", HEADLESS)
def test_a_table_without_a_first_line_says_by_its_dates_what_it_is(tmp_path, kind):
    order, delimiter, date = HEADLESS[kind]
    summary, counts = found(tmp_path, headless(order, delimiter, date))
    assert counts == dict.fromkeys((title for _, title, _ in NAMES), 1)
    assert summary.read_as.split(", ") == list(
        dict.fromkeys(filter(None, (one for one in order if one != "seconds")))
    ) + (["recording id"] if len(order) == 7 else [])


def test_the_log_of_a_portable_player_leaves_out_what_was_skipped(tmp_path):
    lines = ["#AUDIOSCROBBLER/1.1", "#TZ/UTC", "#CLIENT/Player 1"]
    lines += ["\t".join([artist, album, title, "1", "200", "L", "1700000000", ""]) for artist, title, album in NAMES]
    lines += [lines[3].replace("\tL\t", "\tS\t")]
    summary, counts = found(tmp_path, "\n".join(lines) + "\n")
    assert set(counts.values()) == {1}
    assert len(counts) == 12
    assert "1 tracks that were skipped left out, such as line 16" in summary.skipped


LIBRE = ["+ACM- Data export from Libre.fm,,,", "+ACM- 2025+AC0-07+AC0-23,,,", "+ACM- example.org,,,"]
COMMENTED = ["# How to read this, and why, and since when:", "# userid, a number,"]
RADIO = ['"Playlist Title","The Rack"', '"Playlist Start Date","Sep 5, 2024"', '"About","Art, rock, and more"', ""]
WHEN = "1690347960"
BEFORE = {
    "libre.fm": (LIBRE, "Artist,Track,Album,Time", lambda *names: [*names, WHEN]),
    "libre.fm without albums": (LIBRE, "Artist,Track,Time", lambda artist, title, _: [artist, title, WHEN]),
    "comments": (COMMENTED, "userid,Artist,track,Album,time", lambda *names: ["7", *names, WHEN]),
    "spinitron": (
        RADIO,
        "Date-time,Artist,Song,Release,Label",
        lambda *names: ["2024-09-05T03:03:07-0500", *names, "L"],
    ),
}


@pytest.mark.parametrize("kind", BEFORE)
@pytest.mark.parametrize("n_times", [1, 40])  # of many rows, most have a date where a table without names has one
def test_lines_before_the_line_of_names_are_counted_and_no_plays(tmp_path, kind, n_times):
    before, names, row = BEFORE[kind]
    rows = table([row(*one) for one in NAMES] * n_times)
    (tmp_path / "history.csv").write_text("\n".join([*before, names, rows]))
    history = read_history(tmp_path / "history.csv")
    assert [(play.artist, play.title) for play in history.plays] == [one[:2] for one in NAMES] * n_times
    assert {play.album for play in history.plays} <= {"", *(album for _, _, album in NAMES)}
    n_before = sum(bool(line) for line in before)
    assert history.sentences == [f"{n_before} lines before the table left out, such as line 1"]


def test_rows_before_a_line_of_names_are_not_left_out(tmp_path):
    rows = table([[artist, album, title, "14 Nov 2023 22:13"] for artist, title, album in NAMES])
    (tmp_path / "history.csv").write_text(f"{rows}Artist,Album,Track,Time\n{rows}")
    history = read_history(tmp_path / "history.csv")
    assert len([play for play in history.plays if play.title != "Track"]) == 2 * len(NAMES)


def test_what_rockbox_calls_untagged_is_no_artist(tmp_path):
    lines = ["#AUDIOSCROBBLER/1.1", "#TZ/UNKNOWN", "Zoë\tFirst\tSo What\t1\t200\tL\t1577836800\t"]
    lines += ["<Untagged>\t\tsong.mp3\t0\t180\tL\t1577844000\t", "Zoë\tFirst\tB\t1\t200\tS\t1577836800\t"]
    (tmp_path / ".scrobbler.log").write_text("\n".join(lines))
    history = read_history(tmp_path / ".scrobbler.log")
    assert [play.title for play in history.plays] == ["So What"]
    assert history.sentences == [
        "1 plays without artist or title left out, such as line 4",
        "1 tracks that were skipped left out, such as line 5",
    ]

"""Columns of tables of plays, by their names or by what stands in them."""

import pytest

from lemons.library.columns import headless_columns, named_columns

DATES = [f"2024-01-{day:02} 10:00" for day in range(1, 10)]
TITLES, ALBUMS, ARTISTS = list("abcdefghi"), list("aaabbbccc"), list("aaaaabbbb")


@pytest.mark.parametrize(
    ("first_line", "columns"),
    [
        (["User", "Track", "Play Count"], ["user", "track", "playcount"]),
        (["artist_name", "track_name", "release_name"], ["artist", "title", "album"]),
        (["Artist", "Track", "Title"], ["artist", "", "title"]),  # then the track is its number
        (["file", "artist", "title"], ["track", "artist", "title"]),
        (["artist", "artist", "title"], ["artist", "", "title"]),
        (["date#zoë", "artist", "title"], ["date", "artist", "title"]),
        (["artist", "album"], []),
        (["Zoë", "So What"], []),
    ],
)
def test_a_first_line_names_its_columns_in_many_ways(first_line, columns):
    assert named_columns(first_line) == columns


@pytest.mark.parametrize(
    "columns",
    [
        ["date", "artist", "title", "album"],
        ["date", "title", "artist", "album"],
        ["artist", "album", "title", "date"],
        ["artist", "title", "album", "date", ""],
    ],
)
def test_without_a_first_line_dates_and_counts_of_names_decide(columns):
    content = {"date": DATES, "artist": ARTISTS, "title": TITLES, "album": ALBUMS, "": ["x"] * 9}
    assert headless_columns([list(row) for row in zip(*(content[one] for one in columns), strict=True)]) == columns


def test_a_few_damaged_dates_are_dates_all_the_same():
    rows = [list(row) for row in zip(ARTISTS, ALBUMS, TITLES, ["?", *DATES[1:]], strict=True)]
    assert headless_columns(rows) == ["artist", "album", "title", "date"]


@pytest.mark.parametrize("rows", [[], [["a", "b"]], [["a", "b", "c", "d"]], [["a", "b", "c", ""]]])
def test_without_dates_nothing_is_guessed(rows):
    assert headless_columns(rows) == []

"""Texts of other programs, in whatever encoding."""

import pytest

from lemons.library.histories import read_history
from tests.lemons.library.field import NAMES, found, table

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_of_spreadsheets_are_read_in_every_encoding(tmp_path, encoding, delimiter):
    text = table([["Artist", "Title", "Plays"], *([artist, title, "2"] for artist, title, _ in NAMES)], delimiter)
    summary, counts = found(tmp_path, text.encode(encoding))
    assert len(counts) == 12
    assert summary.read_as.endswith("artist, title, playcount")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_unmarked_utf_16_is_told_in_languages_without_latin_letters(tmp_path, encoding):
    (tmp_path / "history").write_bytes(("artist,title\n" + "Крот,Весна\n名無し,東京\n" * 40).encode(encoding))
    assert len(read_history(tmp_path / "history").plays) == 80


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_windows_1252_is_read_alone_and_among_utf_8(tmp_path, delimiter):
    rows = [["artist", "title"], *([artist, title] for artist, title, _ in NAMES[:10])]
    summary, counts = found(tmp_path, table(rows, delimiter).encode("cp1252"))
    assert len(counts) == 10
    assert "Windows-1252" in summary.read_as
    mixed = table(rows).encode("cp1252") + table([[artist, title] for artist, title, _ in NAMES[10:]]).encode()
    assert len(found(tmp_path, mixed)[1]) == 12

"""The tables of a library: read as texts, written as a whole, and harmless in spreadsheets."""

import json

import pandas as pd
import pytest

from lemons.errors import DataError
from lemons.library import open_library
from lemons.library.tables import check_folder, read_table, write_library

TRACKS = pd.DataFrame(
    {"title": ["=2+5", "NA"], "artist": ["'Round", "007"], "genre": ["rock", ""], "file": ["a.wav", "b.wav"]},
    index=pd.Index(["007", "8"], name="track_id"),
)
LISTENS = pd.DataFrame({"user": ["marko"], "track_id": ["007"], "playcount": [3]})


@pytest.fixture
def written(tmp_path):
    splits = {"AC/DC": pd.DataFrame({"track_id": ["007"], "split": ["train"], "playcount": [3]})}
    write_library(tmp_path, TRACKS, LISTENS, note={"made_by": "a test"}, splits=splits, reports={"odd.csv": LISTENS})
    return tmp_path


def test_a_table_comes_back_as_the_texts_that_it_was(written):
    rows = read_table(written / "tracks.csv", ("track_id", "file"))
    assert rows == TRACKS.reset_index().to_dict("records")  # 007 is not 7, NA is not missing


def test_no_cell_is_a_formula_of_a_spreadsheet(written):
    assert "\n007,'=2+5," in (written / "tracks.csv").read_text()


def test_a_library_has_its_note_splits_and_reports(written):
    assert json.loads((written / "library.json").read_text()) == {"made_by": "a test"}
    tables = sorted(file.name for file in written.rglob("*.csv"))
    assert tables == ["AC%2FDC.csv", "listens.csv", "odd.csv", "tracks.csv"]


def test_without_listens_there_is_no_library(written, monkeypatch):
    monkeypatch.setattr(pd.DataFrame, "to_csv", lambda *_, **__: 1 / 0)  # dies while it writes again
    with pytest.raises(ZeroDivisionError):
        write_library(written, TRACKS, LISTENS, note={"made_by": "a test"})
    with pytest.raises(DataError, match="no music library"):
        open_library(written)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_tables_of_any_program_are_read(tmp_path, end):
    """With a byte order mark, empty lines, line breaks in texts, lines that end early, and two columns of a name."""
    lines = ["\ufefftrack_id,title,file,title,", "", '1,"So ""What""' + end + '?",a.wav,twice', "2,Ode"]
    (tmp_path / "tracks.csv").write_text(end.join(lines), encoding="utf-8", newline="")
    assert read_table(tmp_path / "tracks.csv", ("track_id", "file")) == [
        {"track_id": "1", "title": f'So "What"{end}?', "file": "a.wav"},
        {"track_id": "2", "title": "Ode", "file": ""},
    ]


@pytest.mark.parametrize("content", ["no JSON", '["made_by"]', "{}", '{"made_by": "somebody else"}'])
def test_another_library_is_left_alone(written, content):
    check_folder(written, "a test")
    (written / "library.json").write_text(content)
    with pytest.raises(DataError, match="holds another library, which is kept"):
        check_folder(written, "a test")


def test_an_empty_folder_and_none_at_all_hold_no_library(tmp_path):
    check_folder(tmp_path, "a test")
    check_folder(tmp_path / "none", "a test")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "cannot be read as a table"),
        ("track_id,title\n1,A\n", "has no column file"),
        ("track_id,file\n1,a.wav,more\n2,b.wav,more\n", "line 2 has more columns than line 1 names"),
        (b"track_id,file\n1,\xe9.wav\n", "must be comma-separated UTF-8"),
        ('track_id,file\n1,"a.wav\n2,b.wav\n', "a quotation mark is never closed"),
    ],
)
def test_what_is_no_such_table_is_one_sentence(tmp_path, content, sentence):
    (tmp_path / "tracks.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=sentence):
        read_table(tmp_path / "tracks.csv", ("track_id", "file"))

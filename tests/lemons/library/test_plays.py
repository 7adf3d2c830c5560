"""What a history keeps, and what it counts and leaves out."""

from lemons.library.histories import read_history
from tests.lemons.library.field import NAMES, found, table


def test_what_a_history_lacks_is_counted(tmp_path):
    rows = [["artist", "title"], *([artist, title] for artist, title, _ in NAMES), ["", "T"], ["A", ""], ["A\0", "T"]]
    rows += [["A", "T" * 3000]]
    summary, counts = found(tmp_path, table(rows))
    assert len(counts) == 12
    assert "2 plays without artist or title left out, such as line 14" in summary.skipped
    assert "1 damaged lines left out, such as line 16" in summary.skipped
    assert "1 plays with a name of over 2000 signs left out, such as line 17" in summary.skipped
    summary, _ = found(tmp_path, "artist,title\nKpot,Vesna, 2\n" + table([one[:2] for one in NAMES]))
    assert "1 cells beyond the last column left out, such as line 2" in summary.skipped


def test_names_without_a_place_in_a_table_are_cleaned(tmp_path):
    (tmp_path / "history").write_text('[{"artist": "A\\u0000\\ud800", "title": "T\\n\\u001b[31m"}]')
    (play,) = read_history(tmp_path / "history").plays
    assert (play.artist, play.title) == ("A", "T [31m")

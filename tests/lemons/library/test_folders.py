"""Folders of music with links, and files and folders that cannot be read."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from lemons.errors import DataError
from lemons.library.folders import Found, find_audio

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.fixture
def folder(tmp_path):
    for name in ("b/one.flac", "b/c/two.mp3"):
        (tmp_path / "music" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "music" / name).touch()
    return tmp_path / "music"


def find(folder):
    return find_audio(folder, folder / "own")


def test_loops_of_links_end(folder):
    (folder / "b" / "again").symlink_to(folder)
    (folder / "b" / "c" / "up").symlink_to("..")
    (folder / "a").symlink_to("b")
    assert find(folder) == ([Found("b/c/two.mp3"), Found("b/one.flac")], [])


def test_a_file_is_found_once_and_by_a_path_that_is_no_link(folder):
    (folder / "a link.flac").symlink_to("b/one.flac")
    os.link(folder / "b" / "one.flac", folder / "z.flac")
    found, sentences = find(folder)
    assert found == [Found("b/c/two.mp3"), Found("b/one.flac", ("z.flac", "a link.flac"))]
    assert sentences == ["2 links lead to files that are found already, such as 'z.flac' is 'b/one.flac'"]


def test_links_lead_out_of_the_folder(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "three.wav").touch()
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    (folder / "most").symlink_to(tmp_path / "elsewhere")
    assert find(folder) == ([Found("b/c/two.mp3"), Found("b/one.flac"), Found("more/three.wav")], [])


def test_links_to_nothing_and_to_themselves_are_named(folder):
    (folder / "gone.mp3").symlink_to("nowhere.mp3")
    (folder / "gone folder").symlink_to("nowhere")
    (folder / "round.mp3").symlink_to("round.mp3")
    found, sentences = find(folder)
    assert len(found) == 2
    assert [one.split(" skipped")[0] for one in sentences] == [
        "link 'gone folder'",
        "link 'gone.mp3'",
        "link 'round.mp3'",
    ]


def test_a_pipe_is_no_music(folder):
    os.mkfifo(folder / "pipe.wav")
    assert find(folder)[1] == ["'pipe.wav' skipped: it is no ordinary file"]


def test_a_folder_that_cannot_be_read_is_named():
    # a folder that others may enter, since the superuser, who may read all, must become somebody else
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        (folder / "closed").mkdir()
        (folder / "a.wav").touch()
        (folder / "closed").chmod(0)
        superuser = os.geteuid() == 0
        if superuser:
            os.seteuid(65534)
        try:
            found, sentences = find(folder)
        finally:
            if superuser:
                os.seteuid(0)
        assert found == [Found("a.wav")]
        assert sentences == [f"folder '{folder}/closed' skipped: Permission denied"]
    finally:
        (folder / "closed").chmod(0o755)
        shutil.rmtree(folder)


def test_names_in_any_script_are_music_and_lines_in_names_are_not(folder):
    for name in ("東京\u3000２.wav", "a\u00a0b.wav", "two\nlines.wav"):
        (folder / name).touch()
    found, sentences = find(folder)
    assert {"東京\u3000２.wav", "a\u00a0b.wav"} < {one.path for one in found}
    assert sentences == [r"file 'two\nlines.wav' skipped: its name has signs that cannot be written; rename it"]


def test_why_there_is_no_audio_is_told(tmp_path):
    (tmp_path / "a.mp3").symlink_to("gone")
    with pytest.raises(DataError, match=r"holds no audio; .* are looked for; link 'a.mp3' skipped"):
        find(tmp_path)

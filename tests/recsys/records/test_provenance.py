import hashlib
import shutil
import subprocess

import pandas as pd
import pytest

from lemons.hashing import fingerprint
from recsys.records import provenance
from recsys.records.provenance import ROOT, repositories, sources


@pytest.fixture
def checkout(tmp_path):
    """A repository of git with one file of ours."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    (tmp_path / "recsys" / "records").mkdir(parents=True)
    (tmp_path / "recsys" / "records" / "provenance.py").write_text("a = 1\n")

    def git(*arguments):
        command = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "Begin")
    return tmp_path, git


def test_the_commit_is_recorded_and_whether_it_is_what_runs(checkout):
    folder, git = checkout
    (found,) = repositories(folder)
    assert found == {"url": f"git:/{folder}", "commit": git("rev-parse", "HEAD"), "dirty": False}
    (folder / "notes.txt").write_text("not tracked")
    assert repositories(folder)[0]["dirty"] is False
    (folder / "recsys" / "records" / "provenance.py").write_text("a = 2\n")
    assert repositories(folder)[0]["dirty"] is True


def test_the_address_of_the_origin_loses_its_password(checkout):
    folder, git = checkout
    git("remote", "add", "origin", "https://marko:secret@example.org/lemons.git")
    assert repositories(folder)[0]["url"] == "https://example.org/lemons.git"


def test_a_folder_that_is_no_repository_has_none(tmp_path):
    assert repositories(tmp_path) == []


def test_somebody_elses_repository_around_an_installation_is_not_ours(checkout):
    folder, _ = checkout
    installed = folder / "venv" / "site-packages"
    (installed / "recsys").mkdir(parents=True)
    (installed / "recsys" / "provenance.py").write_text("a = 1\n")  # not tracked
    assert repositories(installed) == []


def test_a_machine_without_git_has_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert repositories() == []


def test_sources_are_our_files_with_their_hashes():
    found = dict(sources())
    assert {"recsys/records/provenance.py", "lemons/__init__.py"} <= set(found)
    assert all(name.startswith(("lemons", "recsys")) for name in found)
    file = ROOT / "recsys" / "records" / "provenance.py"
    assert found["recsys/records/provenance.py"] == hashlib.md5(file.read_bytes()).hexdigest()
    assert provenance.__file__ == str(file)


def test_a_fingerprint_changes_with_any_cell_and_with_the_order():
    table = pd.DataFrame({"track_id": ["a", "b"], "playcount": [1, 0]})
    assert fingerprint(table) == fingerprint(table.copy())
    assert len({fingerprint(table), fingerprint(table[::-1]), fingerprint(table.assign(playcount=[1, 2]))}) == 3

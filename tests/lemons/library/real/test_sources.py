import shutil

import pytest

from lemons.errors import DataError
from lemons.library.real.packages import PACKAGES
from lemons.library.real.sources import find_sources


def install(packages, root, *names):
    for name in names:
        for path, content in packages[name].items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)


def test_what_is_installed_is_taken_before_a_file(tmp_path, packages, debs):
    install(packages, tmp_path / "root", "singularity-music")
    sources, sentences = find_sources(tmp_path / "unpacked", debs=debs, root=tmp_path / "root")
    assert [source.name for source in sources] == list(packages)
    assert not sentences
    by_name = {source.name: source.root for source in sources}
    assert by_name.pop("singularity-music") == tmp_path / "root"
    assert all(root.parent == tmp_path / "unpacked" for root in by_name.values())
    for source in sources:
        assert source.copyright.read_bytes() == packages[source.name][f"usr/share/doc/{source.name}/copyright"]
        kept = {file.suffix for file in source.root.rglob("*") if file.is_file()} if source.name in by_name else set()
        assert kept <= {".ogg", ".ini", ""}  # music and licences, and no more


def test_a_damaged_package_is_named_and_the_others_are_used(tmp_path, debs):
    shutil.copytree(debs, tmp_path / "debs")
    (broken,) = (tmp_path / "debs").glob("wesnoth*")
    broken.write_bytes(broken.read_bytes()[:-999])
    sources, sentences = find_sources(tmp_path / "unpacked", debs=tmp_path / "debs", root=tmp_path)
    assert [source.package.key for source in sources] == ["sectoid", "muldjord", "singularity"]
    (sentence,) = sentences
    assert sentence.startswith("package wesnoth-1.16-music skipped:")
    assert "it ends within data.tar.xz" in sentence


def test_without_any_package_the_sentence_says_how_to_get_them(tmp_path):
    with pytest.raises(DataError, match=r"apt-get install fretsonfire-songs-sectoid .*--debs.*--download"):
        find_sources(tmp_path / "unpacked", root=tmp_path)
    with pytest.raises(DataError, match=r"no such folder of packages: .*nowhere"):
        find_sources(tmp_path / "unpacked", debs=tmp_path / "nowhere", root=tmp_path)


def test_without_apt_a_download_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="there is no apt-get"):
        find_sources(tmp_path / "unpacked", debs=tmp_path / "debs", root=tmp_path, download=True)


def test_apt_is_asked_for_what_is_missing_by_each_of_its_names(tmp_path, monkeypatch, debs):
    """The client stands in for the network: it has wesnoth's music by the name of a later release."""
    (tmp_path / "bin").mkdir()
    (wesnoth,) = debs.glob("wesnoth*")
    apt = tmp_path / "bin" / "apt-get"
    apt.write_text(
        f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\n'
        f'if [ "$3" = wesnoth-1.18-music ]; then cp "{wesnoth}" wesnoth-1.18-music_2_all.deb\n'
        'else echo "E: Unable to locate package $3" >&2; exit 100; fi\n'
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(DataError) as error:
        find_sources(tmp_path / "unpacked", debs=tmp_path / "debs", root=tmp_path, download=True)
    assert "Unable to locate package fretsonfire-songs-sectoid" in str(error.value)
    names = [name for package in PACKAGES for name in package.names]
    assert (tmp_path / "asked").read_text().splitlines() == [f"-q download {name}" for name in names]
    # what came is another package: its licences are not under the name that it came by
    assert [file.name for file in (tmp_path / "debs").iterdir()] == ["wesnoth-1.18-music_2_all.deb"]

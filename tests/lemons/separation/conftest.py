"""Files in the form of Spleeter's weights."""

import tarfile

import pytest

FILES = ("checkpoint", "model.index", "model.meta", "model.data-00000-of-00001")


@pytest.fixture
def checkpoint(tmp_path, rng):
    folder = tmp_path / "mine"
    folder.mkdir()
    for file in FILES:
        (folder / file).write_bytes(rng.bytes(30000))
    return folder


@pytest.fixture
def archive(tmp_path, checkpoint):
    """A checkpoint packed as the official release is."""
    with tarfile.open(tmp_path / "5stems.tar.gz", "w:gz") as packed:
        for file in FILES:
            packed.add(checkpoint / file, file)
    return tmp_path / "5stems.tar.gz"

"""The notebooks of docs/: they run, say what they are stored with, and stay small."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip(
    "nbformat", reason="the notebooks need nbclient: pip install 'lemons-explanations[test]'"
)
from nbclient import NotebookClient  # noqa: E402

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MAX_BYTES, MAX_TOTAL = 400_000, 1_000_000


def texts(cell):
    """What a cell prints and returns; pictures and players may differ in a byte between versions of matplotlib."""
    outputs = [one for one in cell.get("outputs", []) if one.get("name") != "stderr"]
    return "".join(one.get("text", "") + one.get("data", {}).get("text/plain", "") for one in outputs)


def code(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def executed():
    """All notebooks, run one after the other in one kernel, which starts once."""
    books = {path.name: nbformat.read(path, as_version=4) for path in NOTEBOOKS}
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=120, record_timing=False)
    with client.setup_kernel():
        for book in books.values():
            client.nb = book
            for number, cell in enumerate(book.cells):
                client.execute_cell(cell, number)
    return books


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_says_what_it_is_stored_with(path, executed):
    stored = nbformat.read(path, as_version=4)
    for now, then in zip(code(executed[path.name]), code(stored), strict=True):
        assert texts(now) == texts(then), now.source


def test_notebooks_are_small_and_name_no_folder_of_a_machine():
    sizes = {path.name: path.stat().st_size for path in NOTEBOOKS}
    assert len(sizes) == 3
    assert max(sizes.values()) <= MAX_BYTES, sizes
    assert sum(sizes.values()) <= MAX_TOTAL, sizes
    for path in NOTEBOOKS:
        for cell in code(nbformat.read(path, as_version=4)):
            assert not re.search(r"/\w+/\w+/|Warning", texts(cell))

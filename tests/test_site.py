"""The documentation site: it builds without a warning and has every public name."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("lemons", "recsys", "explanations")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; `--strict` makes an error of each warning."""
    pytest.importorskip("mkdocs", reason="the site needs mkdocs: pip install 'lemons-explanations[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    # Material for MkDocs advertises its successor as a warning
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def public_names():
    """Dotted names of every public function and class of a public module."""
    for file in sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        path = file.relative_to(ROOT)
        if path.as_posix() in {"explanations/lemons.py", "lemons/__main__.py"}:
            continue
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                yield f"{module}.{node.name}"


def test_every_public_name_is_on_the_site(site):
    reference = "".join(page.read_text() for page in (site / "reference").rglob("*.html"))
    names = list(public_names())
    assert len(names) > 400  # the walker sees the rooms
    assert [name for name in names if f'id="{name}"' not in reference] == []


def test_the_site_loads_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        for tag in ('<script src="http', '<link href="http', "fonts.googleapis", "@import"):
            assert tag not in text, page

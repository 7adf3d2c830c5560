"""What is installed, what is promised and what is written down are the same."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import lemons
from tools.sizes import normal

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = [group for name, group in PROJECT["optional-dependencies"].items() if name != "all"]
LISTED = [*PROJECT["dependencies"], *(requirement for group in EXTRAS for requirement in group)]
REQUIREMENTS = [one for one in LISTED if not one.startswith("lemons-explanations[")]  # an extra may hold another
COMPARE = PROJECT["optional-dependencies"]["compare"]  # which neither installs by itself


PACKAGES = ("lemons", "recsys", "explanations")


def test_the_version_stands_in_one_place():
    assert version("lemons-explanations") == lemons.__version__
    assert f"version: {lemons.__version__}" in (ROOT / "CITATION.cff").read_text()
    assert f"## [{lemons.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_conda_and_pip_install_the_same():
    listed = re.findall(r"^ {6}- (\S+)$", (ROOT / "lemons.yml").read_text(), flags=re.MULTILINE)
    assert sorted(listed) == sorted([*(one for one in REQUIREMENTS if one not in COMPARE), "torchaudio>=2.9"])


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_every_requirement_has_a_known_good_version(requirement):
    pins = dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), flags=re.MULTILINE))
    assert normal(re.split("[<>=]", requirement)[0]) in {normal(name) for name in pins}


def test_what_compose_starts_is_pinned_and_served_to_this_machine_alone():
    compose = (ROOT / "compose.yml").read_text()
    images = re.findall(r"image: \S+?:(\S+)", compose) + re.findall(r"omniboard@([0-9.]+)", compose)
    assert len(images) == 3
    assert all(re.match(r"\d+\.\d+\.\d+", version) for version in images)
    assert set(re.findall(r'^ +- "(\S+):\d+:\d+"$', compose, flags=re.MULTILINE)) == {"127.0.0.1"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Where a source distribution of the working tree lies, and the wheel that was built from it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_wheel_has_every_file_of_the_three_packages_and_nothing_else(built):
    (wheel,) = built.glob("*.whl")
    files = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    ours = {path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.*")}
    assert files == {name for name in ours if "__pycache__" not in name and (ROOT / name).is_file()}


def test_the_source_distribution_has_the_same_and_no_tests(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {member.name.partition("/")[2] for member in opened}
    assert {"lemons/render/report.html", "pyproject.toml", "LICENSE"} <= names
    assert not [name for name in names if name.startswith(("tests", "data", "experiments", "docs"))]


def test_the_workflow_has_the_pythons_that_are_promised():
    yaml = pytest.importorskip("yaml", reason="reading the workflow needs PyYAML, which mkdocs brings")
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    promised = [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if "Python :: 3." in one]
    for job in ("suite", "small"):
        assert jobs[job]["strategy"]["matrix"]["python"] == promised
    assert f"Python {promised[0]} to {promised[-1]}" in (ROOT / "docs" / "install.md").read_text()

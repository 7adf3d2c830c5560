"""What is installed, what is promised and what is written down are the same."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import lemons

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = [group for name, group in PROJECT["optional-dependencies"].items() if name != "all"]
LISTED = [*PROJECT["dependencies"], *(requirement for group in EXTRAS for requirement in group)]
REQUIREMENTS = [one for one in LISTED if not one.startswith("lemons-explanations[")]  # an extra may hold another
COMPARE = PROJECT["optional-dependencies"]["compare"]  # which neither installs by itself


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


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

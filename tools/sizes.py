"""How large an installation with each extra is: ``python -m tools.sizes``, where all extras are installed."""

import re
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

__all__ = ["EXTRAS", "brought", "normal"]

PROJECT = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = {"": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}  # "": without any


def normal(name: str) -> str:
    """A distribution's name as all spell it.

    >>> normal("Google_CRC32c")
    'google-crc32c'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def brought(extra: str = "") -> dict[str, Distribution]:
    """The distributions that pip installs with an extra of lemons-explanations, by name."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(one) for one in [*EXTRAS[""], *EXTRAS[extra]]]
    while waiting:
        requirement = waiting.pop()
        if normal(requirement.name) == PROJECT["name"]:  # an extra holds another
            waiting += [Requirement(one) for name in requirement.extras for one in EXTRAS[name]]
        elif normal(requirement.name) not in found and (not requirement.marker or requirement.marker.evaluate()):
            found[normal(requirement.name)] = distribution(requirement.name)
            waiting += [Requirement(one) for one in found[normal(requirement.name)].requires or []]
    return found


def _megabytes(one: Distribution) -> float:
    paths = [Path(str(file.locate())) for file in one.files or []]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def main() -> None:
    """Print packages and megabytes of the installation with each extra."""
    for extra in [name for name in EXTRAS if name != "compare"]:  # which `all` leaves out
        packages = brought(extra)
        size = sum(_megabytes(one) for one in packages.values())
        print(f"{extra or 'without any':12} {len(packages):4} packages {size:6.0f} MB")  # noqa: T201


if __name__ == "__main__":
    main()

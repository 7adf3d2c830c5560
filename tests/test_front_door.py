"""What a user of the library finds at its front door."""

import inspect
import subprocess
import sys

import pytest

import lemons


@pytest.mark.parametrize("name", lemons.__all__)
def test_every_public_name_is_what_its_module_says(name):
    assert getattr(lemons, name) is not None
    assert name in dir(lemons)


@pytest.mark.parametrize("name", sorted(lemons.__all__))
def test_every_public_name_has_an_example_that_runs(name):
    found = getattr(lemons, name)
    if callable(found):  # pytest runs them (--doctest-modules)
        examples = [line for line in (inspect.getdoc(found) or "").splitlines() if line.startswith(">>>")]
        assert [line for line in examples if "+SKIP" not in line]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = lemons.no_such_name


def test_importing_lemons_loads_none_of_the_large_packages():
    large = {"torch", "librosa", "pandas", "sklearn", "matplotlib"}
    program = f"import sys, lemons; print(sorted({large} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""What a program sets first is set before PyTorch reads it, and never against the user's will."""

import os
import subprocess
import sys

import pytest

from lemons.startup import make_threads_sleep


@pytest.mark.parametrize(("given", "then"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_sleep_unless_the_user_says_otherwise(monkeypatch, given, then):
    monkeypatch.setenv("OMP_WAIT_POLICY", given or "")
    if given is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    make_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == then


def test_nothing_heavy_is_imported_before():
    script = "import sys, lemons.startup; print(*sorted({'torch', 'numpy', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"

"""What a program sets before it imports PyTorch. Nothing else is imported here, so that it can come first."""

import os

__all__ = ["make_threads_sleep"]


def make_threads_sleep() -> None:
    """Let OpenMP's threads sleep while they wait for work; what $OMP_WAIT_POLICY says already holds.

    By default they spin. Beside another busy program on two cores that slows PyTorch down six-fold, and sleeping, which
    costs nothing on an idle machine, less than two-fold. OpenMP reads the variable once, when PyTorch is imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

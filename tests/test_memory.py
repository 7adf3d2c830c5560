import platform

import pytest
import torch

from recsys.memory import MB, kept_memory

resource = pytest.importorskip("resource", reason="the system does not count page faults")


def page_faults():
    """Pages that the system has to hand out for one step that fills 64 MB and lets go of it: the least of some."""

    def count():
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    faults = []
    for _ in range(20):  # at first, holes of the right size are yet to come about
        before = count()
        torch.zeros(64 * MB, dtype=torch.uint8)
        faults.append(count() - before)
    return min(faults)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
def test_memory_is_kept_for_the_next_step_and_given_back_in_the_end():
    usual = page_faults()
    with kept_memory():
        kept = page_faults()
    assert kept < usual / 10  # of 16384 pages of 4 KB, or 32 huge ones, none but what else the process may do
    assert page_faults() > usual / 2

import platform
import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="the system does not count page faults")
COUNT = """
import resource
import torch
from recsys.training.malloc import MB, kept_memory

def page_faults():
    def count():
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    faults = []
    for _ in range(20):
        before = count()
        torch.zeros(64 * MB, dtype=torch.uint8)
        faults.append(count() - before)
    return faults

usual = min(page_faults())
with kept_memory():
    kept = min(page_faults())  # in the first steps, holes of the right size are yet to come about
# what was given back is new when it is first asked for; later steps may find a hole in the heap and keep that
print(usual, kept, page_faults()[0])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
def test_memory_is_kept_for_the_next_step_and_given_back_in_the_end():
    """Pages that the system hands out for a step that fills 64 MB and lets go of it; in a process without a past."""
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    usual, kept, afterwards = map(int, done.stdout.split())
    assert kept < usual / 10  # of 16384 pages of 4 KB, or 32 huge ones, none but what else the process may do
    assert afterwards > usual / 2

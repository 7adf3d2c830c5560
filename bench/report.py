"""What benches share: the machine's name and rate, peak memory, and sections of bench/results.md."""

import platform
import re
import time
from functools import partial
from pathlib import Path

import torch

from recsys.tables import format_table

RESULTS = Path(__file__).with_name("results.md")

table = partial(format_table, style="markdown")


def machine() -> str:
    """Processor, threads and versions, and how busy the machine was before we began."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    load = Path("/proc/loadavg").read_text().split()[0]
    name = found[1] if found else platform.processor()
    return f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}; load average {load} at the start"


def matmul_rate(size: int = 2048, repeats: int = 10) -> float:
    """Multiply-adds per second of a float32 matrix product, the best of some."""
    x, y = torch.rand(size, size), torch.rand(size, size)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        x @ y
        seconds.append(time.perf_counter() - start)
    return size**3 / min(seconds)


def reset_peak_memory() -> None:
    """Forget this process's peak memory (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int:
    """Most bytes of memory that the process has held since the reset."""
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def write_section(title: str, text: str) -> None:
    """Put a section into results.md, in place of the one that has this title."""
    old = RESULTS.read_text() if RESULTS.exists() else "# Measured\n"
    parts = re.split(r"(?m)^(?=## )", old)
    kept = [part.strip() for part in parts if part.strip() and part.splitlines()[0] != f"## {title}"]
    RESULTS.write_text("\n\n".join([*kept, f"## {title}\n\n{text.strip()}"]) + "\n")

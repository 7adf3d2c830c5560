"""The page in a browser: a server of its own, and Debian's chromium to visit it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lemons.errors import DataError

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio"]
START_S = 60  # seconds; importing torch on a busy machine takes its time


@dataclass(frozen=True)
class Server:
    """A running page: its address, and the number of its process."""

    url: str
    pid: int


@contextmanager
def serve(log: Path, *, environment: Mapping[str, str] = os.environ) -> Iterator[Server]:
    """Run the page on a free port of this machine; end it when the block ends.

    Parameters
    ----------
    log : Path
        where the server's output goes
    environment : mapping of str to str
        of the server

    Yields
    ------
    Server

    Raises
    ------
    DataError
        if it does not start
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "explanations/lemons.py", f"--server.port={port}"]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        for _ in range(10 * START_S):
            if process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            except OSError:
                time.sleep(0.1)
            else:
                yield Server(url, process.pid)
                return
        raise DataError(f"the page did not start; see {log}")
    finally:
        process.terminate()
        process.wait()


def settle(page) -> None:
    """Wait until the page is drawn, no script is running, and all sounds have come."""
    page.get_by_text("3 · Ask why").wait_for()
    page.wait_for_timeout(300)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_function("!document.querySelector('[data-stale=true]')")
    sounds = "[...document.querySelectorAll('audio')]"
    page.wait_for_function(f"{sounds}.every(a => a.readyState > 0 && a.networkState != a.NETWORK_LOADING)")
    for player in page.locator(".lemons-player").all():
        player.evaluate("player => player.lemonsPlayer.ready")


def grow(page) -> None:
    """Make the window as high as the page, which scrolls inside it."""
    page.mouse.move(1, 1)  # a table under the mouse shows its tools
    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    page.wait_for_timeout(500)  # for tables to be drawn again

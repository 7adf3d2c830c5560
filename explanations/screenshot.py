"""Pictures of the page for the README: `python -m explanations.screenshot`.

Starts the page of the configured library in a server of its own, drives Debian's chromium through it, and writes
``imgs/landing_page.png`` (the listener and the recommendations) and ``imgs/explanation.png`` (an answer).
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lemons.errors import DataError, MissingDependencyError

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio"]
LISTENER = "Elizabeth"
WIDTH = 1280  # pixels
START_S = 60  # seconds; importing torch on a busy machine takes its time
ANSWER_MS = 30 * 60 * 1000  # milliseconds; an explanation on a busy machine, too


@contextmanager
def serve(log: Path, *, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Run the page on a free port of this machine; end it when the block ends.

    Parameters
    ----------
    log : Path
        where the server's output goes
    environment : mapping of str to str
        of the server

    Yields
    ------
    str
        its address

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
                yield url
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


def grow(page) -> None:
    """Make the window as high as the page, which scrolls inside it."""
    page.mouse.move(1, 1)  # a table under the mouse shows its tools
    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    page.wait_for_timeout(500)  # for tables to be drawn again


def main() -> None:
    """Write both pictures.

    Raises
    ------
    MissingDependencyError
        without playwright
    DataError
        if the page does not start, or has nothing to show
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise MissingDependencyError("pictures of the page need playwright: pip install -e '.[test]'") from error
    log = ROOT / "tests" / "shots" / "server.log"
    log.parent.mkdir(exist_ok=True)
    with serve(log) as url, sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS).new_page()
        page.set_default_timeout(ANSWER_MS)
        page.set_viewport_size({"width": WIDTH, "height": 1000})
        page.goto(url)
        error = page.get_by_test_id("stAlertContentError")
        page.get_by_text("3 · Ask why").or_(error).first.wait_for()
        if error.count():
            raise DataError(error.first.inner_text())
        settle(page)
        page.get_by_role("button", name=LISTENER, exact=True).click()
        page.get_by_text(f"{LISTENER} loves").wait_for()
        settle(page)
        page.get_by_role("radio", name="Time + source").click()
        settle(page)
        if (explain := page.get_by_role("button", name="Explain this recommendation")).count():
            explain.click()
        page.get_by_text("Where it comes from").wait_for()
        settle(page)
        grow(page)
        middle = page.locator("#why").bounding_box()["y"] - 12
        picture = page.locator(".st-key-picture").bounding_box()
        end = picture["y"] + picture["height"] + 12
        for name, top, bottom in (("landing_page", 0, middle), ("explanation", middle, end)):
            cut = {"x": 0, "y": top, "width": WIDTH, "height": bottom - top}
            page.screenshot(path=ROOT / "imgs" / f"{name}.png", clip=cut)


if __name__ == "__main__":
    main()

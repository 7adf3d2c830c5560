"""Ten visitors at once: does the page stay quick, its memory flat and its log clean?

    python bench/visitors.py --minutes 10

Each visitor is a tab of Debian's chromium on a page that this program serves on the loopback address. In turns they do
what people do: choose a listener, a track, a kind, an example, play, or ask for an explanation and perhaps cancel it.
The server's memory is read every few seconds; a line through the second half of the readings tells whether it grows.
"""

import argparse
import random
import re
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Error, sync_playwright
from report import machine, table, write_section

from tools.browser import CHROMIUM, CHROMIUM_ARGS, serve

N_VISITORS = 10
READ_S = 5.0
PAUSE_S = (0.2, 1.5)  # between one visitor's act and the next one's
MEGABYTE = 2**20


class Visitor:
    """One tab, and what somebody does in it."""

    def __init__(self, browser, url, rng):
        self.rng, self.complaints, self.seconds = rng, [], []
        self.page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(url)
        self._wait()

    def act(self):
        """Do one thing, and wait for the page to follow."""
        name, act = self.rng.choice(list(self._acts().items()))
        started = time.perf_counter()
        act()
        self._wait()
        self.seconds.append(time.perf_counter() - started)
        return name

    def _acts(self):
        page = self.page
        acts = {
            "listener": lambda: self._click(page.locator("[class*=st-key-choose-] button")),
            "kind": lambda: self._click(page.locator("[class*=st-key-kind] button")),
            "track": lambda: self._click(page.locator("input[type=radio]")),
            "play": lambda: self._click(page.get_by_role("button", name="Play", exact=True)),
        }
        for name, buttons in (
            ("example", page.locator("[class*=st-key-show-] button")),
            ("explain", page.locator("[class*=st-key-explain-] button")),
            ("cancel", page.locator("[class*=st-key-cancel-] button")),
        ):
            if buttons.count():
                acts[name] = lambda buttons=buttons: self._click(buttons)
        return acts

    def _click(self, buttons):
        if n := buttons.count():
            buttons.nth(self.rng.randrange(n)).click()

    def _wait(self):
        self.page.get_by_text("3 · Ask why").wait_for()
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def memory(pid):
    """Bytes that a process holds."""
    return 1024 * int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def visit(server, *, n_visitors, minutes, seed):
    """Let them visit; return the readings (seconds, bytes), the seconds of each act, and all complaints."""
    rng = random.Random(seed)
    readings, counts, refused = [], {}, 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        visitors = [Visitor(browser, server.url, rng) for _ in range(n_visitors)]
        started = time.monotonic()
        while (now := time.monotonic() - started) < 60 * minutes:
            if not readings or now - readings[-1][0] > READ_S:
                readings.append((now, memory(server.pid)))
            try:
                name = rng.choice(visitors).act()
                counts[name] = counts.get(name, 0) + 1
            except Error:  # a button that went away under the finger, as it does to people
                refused += 1
            time.sleep(rng.uniform(*PAUSE_S))
        complaints = [text for one in visitors for text in one.complaints]
        seconds = [second for one in visitors for second in one.seconds]
        browser.close()
    return np.array(readings), counts, refused, seconds, complaints


def main():
    """Run, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--visitors", type=int, default=N_VISITORS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    name = machine()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "server.log") as server:
        readings, counts, refused, seconds, complaints = visit(
            server, n_visitors=options.visitors, minutes=options.minutes, seed=options.seed
        )
        log = (Path(folder) / "server.log").read_text()
    troubles = re.findall(r"(?im)^.*(?:traceback|error|exception|warning).*$", log)
    late = readings[len(readings) // 2 :]
    slope = np.polyfit(late[:, 0] / 60, late[:, 1] / MEGABYTE, 1)[0]
    rows = [
        ["visitors, minutes", f"{options.visitors}, {options.minutes:g}"],
        ["acts", ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) + f"; {refused} missed"],
        [
            "seconds until the page followed: median, 95th percentile",
            "{:.2f}, {:.2f}".format(*np.quantile(seconds, [0.5, 0.95])),
        ],
        [
            "server's memory: first, largest, last (MB)",
            ", ".join(f"{x / MEGABYTE:.0f}" for x in (readings[0, 1], readings[:, 1].max(), readings[-1, 1])),
        ],
        ["its growth over the second half (MB a minute)", f"{slope:+.1f}"],
        ["errors and warnings: server's log, browsers' consoles", f"{len(troubles)}, {len(complaints)}"],
    ]
    text = table(["What", "Figure"], rows)
    print(text, *troubles[:5], *complaints[:5], sep="\n")
    write_section(
        "Visitors of the page (bench/visitors.py)",
        f"`python bench/visitors.py --minutes {options.minutes:g}` on {name}.\n\n{text}",
    )


if __name__ == "__main__":
    main()

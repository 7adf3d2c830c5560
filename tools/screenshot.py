"""Pictures of the page for the README: `python -m tools.screenshot`.

Starts the page of the configured library in a server of its own, drives Debian's chromium through it, and writes
``imgs/landing_page.png`` (examples, listeners, a profile) and ``imgs/explanation.png`` (an answer in the player).
"""

from lemons.errors import DataError, MissingDependencyError
from tools.browser import CHROMIUM, CHROMIUM_ARGS, ROOT, grow, serve, settle

LISTENER = "elizabeth"
WIDTH, MARGIN = 1280, 12  # pixels
ANSWER_MS = 30 * 60 * 1000  # milliseconds; an explanation on a busy machine, too


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
    with serve(log) as server, sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS).new_page()
        page.set_default_timeout(ANSWER_MS)
        page.set_viewport_size({"width": WIDTH, "height": 1000})
        page.goto(f"{server.url}/?listener={LISTENER}&kind=time%2Bsource")
        error = page.get_by_test_id("stAlertContentError")
        page.get_by_text("3 · Ask why").or_(error).first.wait_for()
        if error.count():
            raise DataError(error.first.inner_text())
        settle(page)
        if (explain := page.get_by_role("button", name="Explain this recommendation")).count():
            explain.click()
        page.locator(".lemons-player").wait_for()
        settle(page)
        grow(page)
        for name, first, last in (
            ("landing_page", page.locator(".lemons-head"), page.locator("#recommendations")),
            ("explanation", page.locator(".lemons-why"), page.locator(".lemons-player")),
        ):
            top, end = first.bounding_box()["y"] - MARGIN, last.bounding_box()
            cut = {"x": 0, "y": top, "width": WIDTH, "height": end["y"] + end["height"] + MARGIN - top}
            page.screenshot(path=ROOT / "imgs" / f"{name}.png", clip=cut)


if __name__ == "__main__":
    main()

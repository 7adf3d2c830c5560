"""What programs on a terminal share: how they end, progress bars, and printing.

Titles and names come from strangers, and a terminal obeys control characters: commands print through `say`, which shows
such characters by their codes.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tqdm import tqdm

from lemons.characters import invisible
from lemons.errors import LemonsError, NotKeptError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Bar",
    "Fallback",
    "ListenerName",
    "ListenerNames",
    "SafeFormatter",
    "run",
    "say",
    "say_table",
    "shown",
    "tell",
    "visible",
]

SHOWN = 5  # of what was skipped
INTERRUPTED = 130  # the exit code of a program that Ctrl-C ended: 128 + SIGINT
MAX_CELL = 72  # letters in a cell of a table; the longest ids, SHA-256, have 64
UNSEEN = invisible(keep="\n")

ListenerName = Annotated[str, typer.Option(help="the listener's name, such as marko")]
Fallback = Annotated[str, typer.Option(help="where to record when MongoDB is away: files; else that is an error")]
ListenerNames = Annotated[list[str] | None, typer.Option("--listener", help="only this one; may be repeated")]


class Bar:
    """A progress bar as a callback ``progress(done, total)``; no bar is shown before the first call."""

    def __init__(self, description: str, unit: str):
        self._description, self._unit = description, unit
        self._bar: tqdm | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` units are done."""
        if self._bar is None:
            # work finished by an earlier program counts as done, but not as speed
            first = done if done > 1 else 0
            self._bar = tqdm(desc=self._description, unit=self._unit, total=total, initial=first, dynamic_ncols=True)
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()


class SafeFormatter(logging.Formatter):
    """Lines of the log, made `visible`."""

    def format(self, record: logging.LogRecord) -> str:
        """A record's text."""
        return visible(super().format(record))


def visible(text: str) -> str:
    r"""Text of unknown origin, with control characters shown by their codes; line feeds stay.

    >>> visible("\x1b[31mRED\x07 \u202eDNA"), visible("Zoë 👩\u200d🎤")
    ('\\x1b[31mRED\\x07 \\u202eDNA', 'Zoë 👩\u200d🎤')
    """
    return UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(text: str, *, err: bool = False) -> None:
    """Print text of any origin on standard output or standard error; characters that the terminal lacks are escaped."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    typer.echo(visible(text).encode(encoding, "backslashreplace").decode(encoding), err=err)


def say_table(table: "pd.DataFrame") -> None:
    """Print a table, in which numbers have three digits and long texts are cut."""
    cells = table.map(lambda value: _cell(value) if isinstance(value, str) else value)
    say(cells.to_string(index=False, float_format="{:.3f}".format))


def _cell(text: str) -> str:
    text = visible(text.replace("\n", "\\n"))
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def tell(sentences: list[str]) -> None:
    """Report what was skipped on standard error: the first sentences, then the number of the others."""
    for sentence in sentences[:SHOWN]:
        say(f"lemons: {sentence}", err=True)
    if len(sentences) > SHOWN:
        say(f"lemons: ... and {len(sentences) - SHOWN} more", err=True)


@contextmanager
def shown(in_words: Callable[[Any], str]) -> Iterator[None]:
    """Print a result that cannot be written, before the error says why."""
    try:
        yield
    except NotKeptError as error:
        say(in_words(error.result))
        raise


def run(program: Callable[[], object]) -> None:
    """Run a program; an error that the user can fix becomes one sentence and exit code 2."""
    log = logging.StreamHandler()
    log.setFormatter(SafeFormatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[log])
    try:
        program()
    except LemonsError as error:
        say(f"lemons: {error}", err=True)
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, SystemExit) and error.code != INTERRUPTED:  # what typer makes of KeyboardInterrupt
            raise
        say("\nlemons: interrupted; finished work is kept, and the same command resumes", err=True)
        sys.exit(INTERRUPTED)

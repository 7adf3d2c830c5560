"""What commands share: options, progress bars, and sentences on what was skipped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from tqdm import tqdm

from lemons.errors import NotKeptError

SHOWN = 5  # of what was skipped

ListenerName = Annotated[str, typer.Option(help="the listener's name, such as marko")]
Fallback = Annotated[str, typer.Option(help="where to record when MongoDB is away: files; else that is an error")]
ListenerNames = Annotated[list[str] | None, typer.Option("--listener", help="only this one; may be repeated")]


class Bar:
    """A progress bar as a callback ``progress(done, total)``; what calls it never shows no bar."""

    def __init__(self, description: str, unit: str):
        self._description, self._unit = description, unit
        self._bar: tqdm | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` units are done."""
        if self._bar is None:
            # what was done by an earlier call counts, but not as speed
            first = done if done > 1 else 0
            self._bar = tqdm(desc=self._description, unit=self._unit, total=total, initial=first, dynamic_ncols=True)
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()


def tell(sentences: list[str]) -> None:
    """What was skipped, on standard error: the first ones by name, the rest by number."""
    for sentence in sentences[:SHOWN]:
        typer.echo(f"lemons: {sentence}", err=True)
    if len(sentences) > SHOWN:
        typer.echo(f"lemons: ... and {len(sentences) - SHOWN} more", err=True)


@contextmanager
def shown(in_words: Callable[[Any], str]) -> Iterator[None]:
    """Print what was computed and cannot be kept, before the error says why it cannot."""
    try:
        yield
    except NotKeptError as error:
        typer.echo(in_words(error.result))
        raise

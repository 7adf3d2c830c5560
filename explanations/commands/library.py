"""Making music libraries."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from lemons.config import read_config
from lemons.console import Bar, say, tell
from lemons.errors import ParameterError
from lemons.storage import Mirror, open_folder

__all__ = ["app", "library_demo", "library_msd", "library_own", "library_real"]

app = typer.Typer(help="Make music libraries.", no_args_is_help=True)


@app.command("demo")
def library_demo(
    out: Annotated[Path | None, typer.Option(help="the library's folder; by default that of the configuration")] = None,
    tracks: Annotated[int, typer.Option(min=1, help="how many tracks of 30 s")] = 440,
    seed: Annotated[int, typer.Option(help="another seed, other music")] = 0,
) -> None:
    """Make the demo music library: composed, rendered into true stems, and listened to by the seven personas."""
    from lemons.demo import make_demo_library

    path = out or read_config().library_path
    if isinstance(place := open_folder(path), Mirror):
        raise ParameterError(f"a library is made in a folder here; give --out, and copy it to {place.shown} then")
    make_demo_library(path, n_tracks=tracks, seed=seed, progress=Bar("demo library", "track"))
    say(f"{tracks} tracks in {path}")


@app.command("msd")
def library_msd(
    triplets: Annotated[Path, typer.Option(help="the Taste Profile's train_triplets.txt, .txt.gz or .txt.zip")],
    metadata: Annotated[Path, typer.Option(help="folder with unique_tracks.txt, sid_mismatches.txt and their like")],
    snippets: Annotated[Path, typer.Option(help="folder of audio by track ids: TRMFCNV128F92E8B76.mp3, .npy ...")],
    out: Annotated[Path, typer.Option(help="the library's folder")] = Path("data/msd"),
    user: Annotated[
        list[str] | None, typer.Option(help="a persona, a Taste Profile id or NAME=ID; may be repeated; else the seven")
    ] = None,
    splits: Annotated[Path | None, typer.Option(help="folder of published splits: track_id,split,listened")] = None,
    others: Annotated[
        int | None, typer.Option(help="how many tracks that none of them played; by default as many as they played")
    ] = None,
) -> None:
    """Make a library out of the Million Song Dataset: what the paper's listeners played."""
    from lemons.library.msd import make_msd_library

    summary = make_msd_library(
        out,
        triplets=triplets,
        metadata=metadata,
        snippets=snippets,
        users=user,
        splits=splits,
        n_others=others,
        bar=Bar,
    )
    tell(summary.skipped)
    for name, (heard, played) in summary.heard.items():
        say(f"{name}: {heard} of {played} can be heard")
    _tell_what_is_next(out, summary.n_tracks)


@app.command("own")
def library_own(
    audio: Annotated[Path, typer.Option(help="folder of your music; it is referred to, not copied")],
    listens: Annotated[
        Path,
        typer.Option(
            help="what was played: a table user,track,playcount, or an export of ListenBrainz, Last.fm, Libre.fm, "
            "Spotify, Maloja or Koito; a file, a zip or a folder"
        ),
    ],
    out: Annotated[Path, typer.Option(help="the library's folder")] = Path("data/own"),
    user: Annotated[str | None, typer.Option(help="the listener's name, where the history is one person's")] = None,
) -> None:
    """Make a library out of your own music and listening history; nothing leaves this machine."""
    from lemons.library.own_library import UNMATCHED, make_own_library

    summary = make_own_library(out, audio=audio, listens=listens, user=user, bar=Bar)
    say(f"{listens} was read as {summary.read_as}")
    tell(summary.skipped)
    if summary.unmatched:
        say(f"lemons: {len(summary.unmatched)} played tracks have no file, see {out / UNMATCHED}:", err=True)
        tell(summary.unmatched)
    for name, played in summary.played.items():
        say(f"{name}: {played} of {summary.n_tracks} tracks played")
    _tell_what_is_next(out, summary.n_tracks)


@app.command("real")
def library_real(
    debs: Annotated[
        Path | None, typer.Option(help="folder of the packages' .deb files; they are not installed")
    ] = None,
    download: Annotated[
        bool,
        typer.Option(
            "--download", help="let apt-get download (263 MB) what is missing into that folder, or cache/debs of --out"
        ),
    ] = False,
    root: Annotated[Path, typer.Option(help="below which packages are installed, or were unpacked")] = Path("/"),
    out: Annotated[Path, typer.Option(help="the library's folder")] = Path("data/real"),
    seed: Annotated[int, typer.Option(min=0, help="another seed, other splits")] = 1057386,
) -> None:
    """Make a library of real music: songs of Debian's free packages, loved by made-up fans of artists and genres."""
    from lemons.library.real import make_real_library

    summary = make_real_library(out, debs=debs, root=root, download=download, seed=seed, bar=Bar)
    tell(summary.skipped)
    for line in summary.music:
        say(line)
    for name, played in summary.played.items():
        also = ", also with a split by albums" if name in summary.by_album else ""
        say(f"{name}: loves {played} of {summary.n_tracks} excerpts{also}")
    _tell_what_is_next(out, summary.n_tracks)


def _tell_what_is_next(out: Path, n_tracks: int) -> None:
    say(f"{n_tracks} tracks in {out}; next: LEMONS_LIBRARY={shlex.quote(str(out))} lemons train")

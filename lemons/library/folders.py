"""The audio files of a folder, each once, even if several links lead to it."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from lemons.characters import UNWRITABLE
from lemons.errors import DataError

__all__ = ["Found", "find_audio"]

# formats that LEMONS reads, some of them by PyAV alone; unreadable files are reported
PLAIN = {".wav", ".w64", ".rf64", ".flac", ".aiff", ".aif", ".aifc", ".au", ".snd", ".caf", ".npy"}
SUFFIXES = PLAIN | {".ogg", ".oga", ".opus", ".mp3", ".mp2"}
SUFFIXES |= {".m4a", ".m4b", ".mp4", ".aac", ".wma", ".webm", ".weba", ".mka"}


class Found(NamedTuple):
    """A file by its path in the folder, with slashes, and the other paths that lead to it."""

    path: str
    links: tuple[str, ...] = ()


class _Walk:
    """What a walk through a folder has seen: paths by the file they lead to, folders, and what to say."""

    def __init__(self, leave_out: Path):
        self.files: dict[tuple[int, int] | str, list[tuple[bool, str]]] = {}
        self.sentences: list[str] = []
        self.folders: set[str] = {str(leave_out.resolve())}

    def walk(self, folder: Path, root: Path) -> list[Path]:
        """See all of a folder but what links lead to; these are returned, in the order of their paths."""
        links = []
        for place, folders, names in os.walk(folder, onerror=self._unreadable):
            real = os.path.realpath(place)
            if real in self.folders:
                folders.clear()
                continue
            self.folders.add(real)
            # hidden ones are not music
            links += [Path(place, one) for one in folders if not one.startswith(".") and Path(place, one).is_symlink()]
            folders[:] = sorted(one for one in folders if not one.startswith(".") and not Path(place, one).is_symlink())
            for name in sorted(one for one in names if not one.startswith(".")):
                self._see(Path(place, name), Path(place, name).relative_to(root).as_posix())
        return sorted(links)

    def _see(self, file: Path, inside: str) -> None:
        audio = file.suffix.lower() in SUFFIXES
        try:
            status = file.stat()
        except OSError as error:
            if audio or file.is_symlink():
                what = "link" if file.is_symlink() else "file"
                self.sentences.append(f"{what} {inside!r} skipped: {error.strerror or error}")
            return
        if not audio:
            return
        if not file.is_file():
            self.sentences.append(f"{inside!r} skipped: it is no ordinary file")
        elif re.search(f"[{UNWRITABLE}]", inside):
            self.sentences.append(f"file {inside!r} skipped: its name has signs that cannot be written; rename it")
        else:
            # some file systems number nothing
            key = (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(file)
            self.files.setdefault(key, []).append((file.is_symlink(), inside))

    def _unreadable(self, error: OSError) -> None:
        self.sentences.append(f"folder {str(error.filename)!r} skipped: {error.strerror or error}")


def find_audio(folder: Path, leave_out: Path) -> tuple[list[Found], list[str]]:
    """The audio files of a folder in the order of their paths, and sentences on what is skipped.

    Links are followed. A file to which several paths lead is found once, by one that is no link where there is one.

    Parameters
    ----------
    folder : Path
        looked at in all its depth
    leave_out : Path
        a folder without music that may be inside it: the library that is made, with its cache

    Raises
    ------
    DataError
        if there is no such folder, or no audio in it
    """
    if not folder.is_dir():
        raise DataError(f"no such folder of audio: {folder}; check --audio")
    walk = _Walk(leave_out)
    waiting = [folder]
    while waiting:  # the folder's own files come before those that links lead to
        waiting += walk.walk(waiting.pop(0), folder)
    several = ([path for _, path in sorted(paths)] for paths in walk.files.values())  # symbolic links behind
    found = sorted(Found(paths[0], tuple(paths[1:])) for paths in several)
    if linked := [one for one in found if one.links]:
        n_paths = sum(len(one.links) for one in linked)
        example = f"{linked[0].links[0]!r} is {linked[0].path!r}"
        walk.sentences.append(f"{n_paths} links lead to files that are found already, such as {example}")
    if not found:
        why = "; " + walk.sentences[0] if walk.sentences else ""
        raise DataError(f"{folder} holds no audio; {', '.join(sorted(SUFFIXES))} are looked for{why}")
    return found, walk.sentences

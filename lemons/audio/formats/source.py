"""The bytes of an audio file: looked at in any place, and spliced into what a decoder takes for a file of its own."""

import io
import os
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Literal, NamedTuple

from lemons.errors import DataError

__all__ = ["LOOK", "Order", "Part", "Source", "open_pieces"]

Piece = bytes | range  # bytes that stand in for others, or places in the file
Order = Literal["little", "big"]  # of a number's bytes
LOOK = 2**16  # bytes that are searched at a time


class Part(NamedTuple):
    """A stretch of a file that is decoded by itself.

    Attributes
    ----------
    pieces : tuple of Piece
        what the decoder sees, in this order
    n_samples : int, optional
        its length; by default the decoder knows
    slack : int
        samples that may be missing at its end all the same
    """

    pieces: tuple[Piece, ...]
    n_samples: int | None = None
    slack: int = 0


class Source:
    """An open file that is looked at before it is decoded; a context manager.

    Attributes
    ----------
    path : Path
        the file
    size : int
        its length, in bytes
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self._file = self.path.open("rb", buffering=LOOK)
        self.size = os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *exception) -> None:
        self._file.close()

    def at(self, start: int, length: int) -> bytes:
        """The bytes from a place on; fewer than ``length`` at the end of the file."""
        if not 0 <= start < self.size:
            return b""
        self._file.seek(start)
        return self._file.read(length)

    def number(self, start: int, length: int, order: Order) -> int:
        """An unsigned number; at the end of the file its missing bytes count as 0."""
        return int.from_bytes(self.at(start, length).ljust(length, b"\0"), order)

    def looks(self, start: int, end: int, overlap: int) -> Iterator[tuple[int, bytes]]:
        """Consecutive stretches with their places; each begins with the last ``overlap`` bytes of the one before."""
        while start < end:
            yield start, self.at(start, min(LOOK + overlap, end - start))
            start += LOOK

    def damaged(self, why: str) -> DataError:
        """The error that says why this file must not be used."""
        return DataError(f"{self.path} is damaged: {why}; export it again or get another copy")

    def cut(self, announced: int, there: int) -> DataError:
        """The error of a file that announces more bytes of sound than are there."""
        return self.damaged(f"its header announces {announced} bytes of sound, {max(there, 0)} are there")


class _Splice(io.RawIOBase):
    """A file made of pieces; see `open_pieces`."""

    def __init__(self, path: Path, pieces: tuple[Piece, ...]):
        self._file = path.open("rb")
        self._pieces = pieces
        self._starts = list(accumulate(map(len, pieces), initial=0))
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = max(offset + (0, self._place, self._starts[-1])[whence], 0)
        return self._place

    def readinto(self, buffer) -> int:
        number = bisect_right(self._starts, self._place) - 1
        if number == len(self._pieces):
            return 0
        piece, offset = self._pieces[number], self._place - self._starts[number]
        length = min(len(buffer), len(piece) - offset)
        if isinstance(piece, bytes):
            content = piece[offset : offset + length]
        else:
            self._file.seek(piece.start + offset)
            content = self._file.read(length)
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()


def open_pieces(path: str | os.PathLike, pieces: tuple[Piece, ...]) -> io.BufferedReader:
    """Open pieces of a file, and what stands in for others, as if they were a file."""
    return io.BufferedReader(_Splice(Path(path), tuple(piece for piece in pieces if len(piece))), LOOK)

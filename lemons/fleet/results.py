"""Results of units of work: a Parquet file for each, in a folder or a bucket (``s3://``, ``gs://``).

A file is whole or not there: in a folder it is renamed when it is complete, and a bucket shows no object before all of
it has arrived. Its name is its key, a hash of what it was made of (`lemons.fleet.units`), so two programs that make the
same result at once write the same bytes. Checksums of its pages are compared when it is read.
"""

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lemons.errors import DamagedError, DataError
from lemons.files import atomic_path

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Results"]

SUFFIX = ".parquet"


class Results:
    """Tables under keys such as ``embeddings/5f0c…``.

    Parameters
    ----------
    place : str or path-like
        a folder, which need not exist, or a URL that `pyarrow.fs.FileSystem.from_uri` knows:
        ``s3://bucket/folder?region=…&endpoint_override=…``, ``gs://bucket/folder``

    Attributes
    ----------
    place, shown : str
        the same, and how to name it in a sentence: without a password

    Raises
    ------
    DataError
        if the URL is of no kind that pyarrow knows
    """

    def __init__(self, place: Any):
        # absolute, since a worker on a cluster works in another folder
        self.place = str(place) if "://" in str(place) else str(Path(place).absolute())
        self.shown = re.sub("://[^?]*@", "://", self.place)  # in sentences, without a key in the URL
        self._open()

    def keys(self, kind: str) -> set[str]:
        """Keys of all results of a kind."""
        from pyarrow.fs import FileSelector, FileType

        filesystem, root = self._open()
        try:
            found = filesystem.get_file_info(FileSelector(f"{root}/{kind}", allow_not_found=True))
        except OSError as error:
            raise DataError(f"cannot list {self.shown}: {self._reason(error)}") from error
        names = [one.base_name for one in found if one.type == FileType.File and one.base_name.endswith(SUFFIX)]
        return {f"{kind}/{name.removesuffix(SUFFIX)}" for name in names if not name.startswith(".")}

    def has(self, key: str) -> bool:
        """Whether there is a result of this key."""
        from pyarrow.fs import FileType

        filesystem, root = self._open()
        try:
            return filesystem.get_file_info(f"{root}/{key}{SUFFIX}").type == FileType.File
        except OSError as error:
            raise DataError(f"cannot look into {self.shown}: {self._reason(error)}") from error

    def read(self, key: str) -> "pa.Table":
        """A result.

        Raises
        ------
        DataError
            if there is none
        DamagedError
            if it is not what was written
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        filesystem, root = self._open()
        try:
            with filesystem.open_input_file(f"{root}/{key}{SUFFIX}") as file:
                content = pa.BufferReader(file.read())
        except FileNotFoundError as error:
            raise DataError(f"no result {key} in {self.shown}; run the same command again to make it") from error
        except OSError as error:
            why = self._reason(error)
            raise DataError(f"cannot read {self.shown}/{key}{SUFFIX}: {why}; run the same command again") from error
        try:
            return pq.read_table(content, page_checksum_verification=True, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            hint = "delete it, and run the same command again to make it"
            raise DamagedError(f"{self.shown}/{key}{SUFFIX} cannot be read ({self._reason(error)}); {hint}") from error

    def write(self, key: str, table: "pa.Table") -> None:
        """Write a result, whole or not at all; DataError if it cannot be written."""
        import pyarrow.parquet as pq

        buffer = io.BytesIO()  # before anything is opened: an upload that an error interrupts would be completed
        pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
        filesystem, root = self._open()
        if filesystem.type_name == "local":
            with atomic_path(Path(root) / f"{key}{SUFFIX}") as temporary:
                temporary.write_bytes(buffer.getbuffer())
            return
        try:
            with filesystem.open_output_stream(f"{root}/{key}{SUFFIX}") as stream:
                stream.write(buffer.getbuffer())
        except OSError as error:
            raise DataError(f"cannot write {self.shown}/{key}{SUFFIX}: {self._reason(error)}") from error

    def _open(self) -> tuple[Any, str]:
        """The file system and the folder in it; opened in each process, since connections cannot be sent."""
        import pyarrow as pa
        from pyarrow.fs import FileSystem, LocalFileSystem

        if "://" not in self.place:
            return LocalFileSystem(), self.place
        try:
            return FileSystem.from_uri(self.place)
        except (OSError, ValueError, pa.ArrowException) as error:
            hint = "give a folder or s3://…, and a / in a key as %2F"
            raise DataError(f"{self.shown} cannot be opened ({self._reason(error)}); {hint}") from error

    def _reason(self, error: Exception) -> str:
        """The first line of an error, without a key in the URL."""
        return str(error).replace(self.place, self.shown).partition("\n")[0][:200]

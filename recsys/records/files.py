"""sacred's records as files, in a folder or a bucket; imported by `recsys.records.sacred_experiment` alone."""

import datetime
import logging
import secrets
from pathlib import Path
from typing import Any

from sacred.observers import FileStorageObserver

from lemons.errors import DataError
from lemons.storage import Folder, Mirror, open_folder

__all__ = ["FileObserver"]

logger = logging.getLogger(__name__)


class FileObserver(FileStorageObserver):
    """sacred's observer of files, with errors as sentences.

    The records of experiments in a bucket are put there when they are completed. Several machines may record at once,
    so these have a date and chance in their names and not a number.
    """

    def _make_run_dir(self, _id: Any) -> None:
        if isinstance(self._experiments, Mirror):
            _id = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d_%H-%M-%S}_{secrets.token_hex(4)}"
        Path(self.basedir).mkdir(parents=True, exist_ok=True)
        super()._make_run_dir(_id)

    @property
    def _experiments(self) -> Folder:
        return open_folder(Path(self.basedir).parent)

    def started_event(self, *event: Any, **named: Any) -> str | None:
        """Start a record; DataError if it cannot be written, since then the run would leave no trace."""
        try:
            return super().started_event(*event, **named)
        except OSError as error:
            hint = "choose another experiments_path in config.py, or correct its permissions"
            raise DataError(f"cannot record to {self.basedir} ({error.strerror or error}); {hint}") from error

    def completed_event(self, *event: Any, **named: Any) -> None:
        """End the record; a warning if that fails, since the trained model does not need it."""
        try:
            super().completed_event(*event, **named)
            self._put()
        except (OSError, DataError) as error:
            why = getattr(error, "strerror", None) or error
            logger.warning("the record %s cannot be completed and may be lost (%s)", self.dir, why)

    def _put(self) -> None:
        folder, first = Path(self.dir), "run.json"
        files = [file.name for file in folder.iterdir() if file.is_file() and file.name != first]
        self._experiments.put(f"{folder.parent.name}/{folder.name}", files, last=(first, (folder / first).read_text()))

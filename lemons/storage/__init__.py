"""Where folders are: on this machine, or in a bucket (``s3://``, ``gs://``) that is read through a folder of it here.

`open_folder` tells the two apart, and nothing else has to: a `Folder` and a `Mirror` answer the same questions. A
mirror is in the user's cache and holds what was needed so far, so programs see paths in either case. pyarrow, which
talks to buckets, is imported when one is asked.
"""

from lemons.storage.bucket import is_url
from lemons.storage.folder import Folder, Status
from lemons.storage.mirror import Mirror, is_there, local_file, mirror_path, open_folder

__all__ = ["Folder", "Mirror", "Status", "is_there", "is_url", "local_file", "mirror_path", "open_folder"]

"""Music libraries on disk: reading and checking them, and making them (`lemons.demo`).

A library is a folder::

    tracks.csv      track_id,title,artist,genre,file    more columns are kept
    listens.csv     user,track_id,playcount             playcount 0 or absent: not listened
    audio/          what `file` points to, relative to the folder: anything `lemons.audio.load` reads
    stems/<track_id>/<stem>.flac                        optional: true or precomputed stems
    splits/<user>.csv                                   written by the recommender
    cache/npy/<track_id>.npy                            derived, can be deleted
"""

from lemons.library.library import STEMS, Library
from lemons.library.reading import open_library

__all__ = ["STEMS", "Library", "open_library"]

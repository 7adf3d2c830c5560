"""Audio files with tags."""

import mutagen
import mutagen.id3
import numpy as np
import soundfile

MBID = "0b1e2a3c-4d5e-6f70-8192-a3b4c5d6e7f8"


def write(path, **tags):
    """Some sound with tags, as Picard writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seconds = len(path.name) / 40  # another length, other sound
    opus = {"format": "OGG", "subtype": "OPUS"} if path.suffix == ".opus" else {}
    soundfile.write(path, 0.1 * np.sin(np.arange(int(48000 * seconds)) / 20), 48000, **opus)
    if not tags:
        return path
    file = mutagen.File(path, easy=True)
    if path.suffix in (".wav", ".aiff"):
        file.add_tags()
        file.tags.add(mutagen.id3.UFID(owner="http://musicbrainz.org", data=tags.pop("musicbrainz_trackid").encode()))
        for name, text in tags.items():
            frame = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "genre": "TCON"}[name]
            file.tags.add(getattr(mutagen.id3, frame)(encoding=3, text=[text]))
    else:
        if file.tags is None:
            file.add_tags()
        for name, text in tags.items():
            file.tags[name] = text
    file.save()
    return path

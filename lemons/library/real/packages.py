"""The packages of free music that LEMONS knows: where their songs are, and what the files themselves don't say.

Authors are those that each package's ``debian/copyright`` names. All of them are in Debian's section main, and so under
licences that let anybody copy and change the music.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PACKAGES", "Package"]

GAMES = "usr/share/games"
FRETS = {"guitar": "guitar.ogg", "backing": "song.ogg"}  # Frets on Fire: what the player plays, and what plays along


@dataclass(frozen=True)
class Package:
    """A package with music.

    Attributes
    ----------
    key : str
        begins the ids of its songs
    names : tuple of str
        what Debian calls it; where these are several, the first that is found is taken
    songs : str
        pattern of its songs' paths below the root; of files, or of a folder for each song where it has ``stems``
    genre : str
        of all of them
    artist, author, album : str
        where a file's tags have none; without an author it is the artist
    stems : dict of str to str
        the file of each stem in a song's folder; their sum is the song
    """

    key: str
    names: tuple[str, ...]
    songs: str
    genre: str
    artist: str
    author: str
    album: str
    stems: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> str:
        """The folder below the root that holds all of its songs, as far as no pattern is in it."""
        return self.songs.split("*")[0].rstrip("/")


PACKAGES = (
    Package(
        "sectoid",
        ("fretsonfire-songs-sectoid",),
        f"{GAMES}/fretsonfire/data/songs/sectoid/*",
        genre="metal",
        artist="Sectoid",
        author="Carlos Viola Iborra",
        album="Songs by Sectoid",
        stems=FRETS,
    ),
    Package(
        "muldjord",
        ("fretsonfire-songs-muldjord",),
        f"{GAMES}/fretsonfire/data/songs/muldjord/*",
        genre="metal",
        artist="Muldjord",
        author="El Senator",
        album="Songs by Muldjord",
        stems=FRETS,
    ),
    Package(
        "singularity",
        ("singularity-music",),
        f"{GAMES}/singularity/music/**/*.ogg",
        genre="electronic",
        artist="Maxstack",
        author="Max McCracken",
        album="Endgame: Singularity",
    ),
    Package(
        "wesnoth",
        ("wesnoth-1.16-music", "wesnoth-1.18-music"),
        f"{GAMES}/wesnoth/*/data/core/music/*.ogg",
        genre="orchestral",
        artist="",
        author="",
        album="The Battle for Wesnoth OST",
    ),
)

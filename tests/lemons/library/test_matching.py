import pytest

from lemons.library.histories import Play
from lemons.library.matching import AudioFile, Matcher, guess_names, plain

MBID = "0b1e2a3c-4d5e-6f70-8192-a3b4c5d6e7f8"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Señorita", "senorita"),
        ("Björk", "Bjo\u0308rk"),  # the accent as a sign of its own
        ("STRASSE", "Straße"),
        ("Ænima", "aenima"),
        ("Sigur Rós", "sigur ros"),
        ("Don't Stop", "Don’t Stop"),
        ("P!nk", "P nk"),
        ("Simon & Garfunkel", "Simon and Garfunkel"),
        ("Track (feat. Zoë)", "Track"),
        ("Track [ft. A & B]", "Track featuring A & B"),
        ("Song - Remastered 2009", "Song"),
        ("Song (2011 Digital Remaster)", "Song"),
        ("Song - 2011 Remastered Version", "Song"),
        ("Song (Deluxe Edition)", "Song"),
        ("Song - Mono", "Song (Album Version)"),
        ("Song (feat. Zoë) - Remastered", "Song"),
        ("Song - Remastered (feat. Zoë)", "Song"),
        ("東京", "東京"),
    ],
)
def test_two_spellings_of_one_name_are_the_same(one, other):
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Song (Live)", "Song"),
        ("Song - Remix", "Song"),
        ("Song 2", "Song"),
        ("Remastered", "Deluxe"),
        ("Clean", "Explicit"),
        ("東京", "大阪"),
        ("???", "!!!"),
        ("Feature", "Feat"),
        ("Defeat", "De"),
    ],
)
def test_other_tracks_stay_others(one, other):
    assert plain(one) != plain(other)
    assert plain(one)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("Zoë - So What.mp3", ("Zoë", "So What")),
        ("03 - Zoë - So What.mp3", ("Zoë", "So What")),
        ("1-03. Zoë - So What - Live.mp3", ("Zoë", "So What - Live")),
        ("Zoë/First/03 So What.flac", ("Zoë", "So What")),
        ("music/Zoë/First/03_So_What.flac", ("Zoë", "So What")),
        ("Zoë/So What.flac", ("Zoë", "So What")),
        ("So What.flac", ("", "So What")),
        ("07.flac", ("", "07")),
    ],
)
def test_a_path_tells_artist_and_title(path, names):
    assert guess_names(path) == names


FILES = [
    AudioFile("tagged", "a/x.mp3", "So What", "Zoë", "First", ""),
    AudioFile("known", "a/y.mp3", "Wrong title", "Nobody", "", MBID),
    AudioFile("named", "b/50 Cent - 99 Problems.ogg"),
    AudioFile("numbered", "b/12 Bob - Blues.ogg"),
    AudioFile("several", "c/z.flac", "Duet", "Bob, Zoë & Cy", "", ""),
    AudioFile("blank", "d/w.flac", "", "", "", ""),
]


@pytest.mark.parametrize(
    ("play", "track_id"),
    [
        (Play(track="a/x.mp3"), "tagged"),
        (Play(track="x.mp3"), "tagged"),
        (Play(track="x"), "tagged"),
        (Play(track="a/x"), "tagged"),
        (Play(track="ZOE - so what"), "tagged"),
        (Play(artist="ZOË", title="So What (Remastered)"), "tagged"),
        (Play(artist="Zoë feat. Bob", title="So What"), "tagged"),
        (Play(artist="Zoë, Bob", title="So What"), "tagged"),
        (Play(artist="whoever", title="whatever", recording_ids=("", MBID)), "known"),
        (Play(track=MBID.upper()), "known"),
        (Play(artist="50 Cent", title="99 Problems"), "named"),
        (Play(artist="Bob", title="Blues"), "numbered"),
        (Play(artist="Bob", title="Duet"), "several"),
        (Play(artist="Bob and Zoë", title="Duet"), "several"),
        (Play(artist="Bob", title="So What"), None),
        (Play(artist="Zoë", title="So"), None),
        (Play(artist="", title="So What"), None),
        (Play(track="q.mp3"), None),
        (Play(), None),
    ],
)
def test_a_play_finds_its_file_by_name_id_tags_or_path(play, track_id):
    match = Matcher(FILES).find(play)
    assert (match.track_id if match else None) == track_id
    assert not match or match.others == ()


def test_a_name_beats_an_id_beats_tags():
    play = Play(artist="Zoë", title="So What", recording_ids=(MBID,), track="12 Bob - Blues")
    assert Matcher(FILES).find(play).track_id == "numbered"
    assert Matcher(FILES).find(play._replace(track="")).track_id == "known"


def test_of_several_files_the_nearest_title_then_the_album_then_the_first_path_decides():
    files = [
        AudioFile("c", "c.mp3", "Song", "Zoë", "Late"),
        AudioFile("b", "b.mp3", "Song (Remastered)", "Zoë", "First"),
        AudioFile("a", "a.mp3", "Song", "Zoë", "First"),
    ]
    matcher = Matcher(files)
    assert matcher.find(Play(artist="Zoë", title="Song (remastered)", album="Late")) == ("b", ("a", "c"))
    assert matcher.find(Play(artist="Zoë", title="Song", album="LATE")) == ("c", ("a", "b"))
    assert matcher.find(Play(artist="Zoë", title="Song")) == ("a", ("b", "c"))
    assert Matcher(files[::-1]).find(Play(artist="Zoë", title="Song")) == ("a", ("b", "c"))

"""Made-up titles and artists; any resemblance is a coincidence."""

import numpy as np

__all__ = ["name_tracks"]

WORDS = {  # (what things are like, things), by the mood of a genre
    "sunny": (
        "Sweet Easy Golden Island Roots Morning Humble Natural Coconut Mellow Sunday Bamboo Lion Tropic Zion",
        "River Mango Sunshine Harbour Feeling Market Hill Breeze Drum Children Road Yard Garden Smile Rain",
    ),
    "electric": (
        "Infinite Neon Lunar Silver Solar Liquid Distant Hidden Weightless Astral Violet Digital Magnetic",
        "Horizon Signal Gravity Orbit Pulse Mirage Skyline Vertigo Aurora Circuit Echo Dimension Satellite Dawn",
    ),
    "blue": (
        "Lonesome Broken Midnight Crooked Empty Muddy Whiskey Rusty Long Dusty Low Slow Hard",
        "Train River Kitchen Highway Letter Shoes Sunday Woman Bottle Porch Mile Goodbye Moon",
    ),
    "loud": (
        "Iron Burning Black Fallen Savage Hollow Bitter Shattered Ashen Silent Crimson Rotten Furious Cold",
        "Crown Throne Machine Wolves Concrete Cathedral Venom Empire Thunder Bones Serpent Engine Winter Siege",
    ),
    "sad": (
        "Paper Fading October Sleepless Awkward Borrowed Quiet Almost Unsent Torn Seventeen Honest Backseat",
        "Letters Hearts Photographs Exits Stitches Windows Promises Bridges Mixtapes Anchors Hallways Lights",
    ),
    "bright": (
        "Brand New Perfect Crazy Electric Summer Pretty Sugar Sparkling Only Forever Tonight Little Lucky",
        "Love Kisses Dancefloor Lipstick Weekend Butterflies Feeling Stars Baby Radio Lemonade Fever Boy",
    ),
    "street": (
        "Corner Cash Southside Gold Heavy Late Real Diamond Trunk Double Block Concrete Dirty Chrome",
        "Money Hustle Whip Bounce Chains Paper Swagger Game Traffic Anthem Story Shine Business Crown",
    ),
    "smooth": (
        "Velvet Blue Smoky Tangerine Slow Autumn Satin Copper Upside Barefoot Cinnamon Maple Lazy",
        "Alley Waltz Corner Strut Leaves Bicycle Parade Meadow Groove Candle Café Window Sparrow",
    ),
}
MOODS = {
    "reggae": "sunny",
    "dub": "sunny",
    "trance": "electric",
    "house": "electric",
    "progressive": "electric",
    "blues": "blue",
    "rock": "loud",
    "alternative metal": "loud",
    "heavy metal": "loud",
    "emo": "sad",
    "post-hardcore": "sad",
    "pop": "bright",
    "hip-hop": "street",
    "rap": "street",
    "dirty south rap": "street",
    "jazz": "smooth",
    "folk": "smooth",
    "funk": "smooth",
}
FIRST = "Ada Bo Cleo Dario Edda Fitz Gala Hugo Ines Juno Kofi Lola Milo Nadja Otis Pia Quinn Rosa Silvio Tilda Uwe Vera"
LAST = "Amberly Brandt Castellan Dufour Eklund Fairweather Grubacher Halloran Ibarra Jankovic Kestrel Lindqvist"
BANDS = ("The {adjective} {noun}", "{adjective} {noun}", "{noun} Club", "{first} & the {noun}", "DJ {adjective}")
RAPPERS = ("Lil {noun}", "MC {adjective}", "{first} {noun}", "Big {adjective}", "Young {noun}")
SINGERS = ("{first} {last}", "{first} {last}", "The {adjective} {noun}", "{first} & the {noun}")
TITLES = ("{adjective} {noun}", "{noun}", "{adjective} {noun}", "The {noun}", "{adjective}", "{noun} of {other}")
ARTISTS_PER_TRACK = 0.3


def name_tracks(genres: list[str], rng: np.random.Generator) -> list[tuple[str, str]]:
    """A (title, artist) for every track; an artist stays with a genre and has several tracks, no title comes twice.

    Parameters
    ----------
    genres : list of str
        the genre of every track
    rng : np.random.Generator
        the random state

    Returns
    -------
    list of (str, str)
    """
    artists: dict[str, list[str]] = {}
    for genre in sorted(set(genres)):
        n_artists = max(1, round(ARTISTS_PER_TRACK * genres.count(genre)))
        forms = {"street": RAPPERS, "blue": SINGERS, "smooth": SINGERS, "bright": SINGERS}.get(MOODS[genre], BANDS)
        artists[genre] = [_fill(forms, genre, rng) for _ in range(n_artists)]
    named, used = [], set()
    for genre in genres:
        title = _fill(TITLES, genre, rng)
        while title in used:
            title = f"{title} {_fill(('Again', 'Pt. II', 'Tonight', 'Revisited', 'No. 9', '(Reprise)'), genre, rng)}"
        used.add(title)
        named.append((title, artists[genre][rng.integers(len(artists[genre]))]))
    return named


def _fill(forms: tuple[str, ...], genre: str, rng: np.random.Generator) -> str:
    """One of the forms, with words of the genre's mood."""
    adjectives, nouns = (words.split() for words in WORDS[MOODS[genre]])
    other, noun = (nouns[i] for i in rng.choice(len(nouns), 2, replace=False))
    adjective, first, last = (words[rng.integers(len(words))] for words in (adjectives, FIRST.split(), LAST.split()))
    form = forms[rng.integers(len(forms))]
    return form.format(adjective=adjective, noun=noun, other=other, first=first, last=last)

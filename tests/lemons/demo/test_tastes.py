"""Who plays what: facts about the tables of the demo library, without its audio."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score as roc_auc

from lemons.demo.composing.compose import compose
from lemons.demo.composing.directions import DIRECTIONS
from lemons.demo.composing.score import make_rng
from lemons.demo.genres.draw import GENRES, draw_genres
from lemons.demo.tastes import TASTES, liking, listen, popularity
from lemons.listeners import LISTENERS

SEED, N_TRACKS = 0, 440
NAMES = [listener.name for listener in LISTENERS]


@pytest.fixture(scope="module")
def library():
    """Scores, popularity, and who played which (user -> array of bool)."""
    genres = draw_genres(N_TRACKS, make_rng(SEED, -1, "genres"))
    scores = [compose(SEED, number, genre) for number, genre in enumerate(genres)]
    for number, score in enumerate(scores):
        score.track_id = str(number)
    popular = popularity(scores, SEED)
    listens = listen(scores, popular, SEED)
    played = {name: np.zeros(N_TRACKS, bool) for name in NAMES}
    for user, track_id, playcount in listens:
        assert playcount > 0
        played[user][int(track_id)] = True
    return scores, popular, played


def test_the_seven_have_tastes_for_genres_that_exist():
    assert set(TASTES) == set(NAMES)
    for taste in TASTES.values():
        assert set(taste.genres) <= set(GENRES)


@pytest.mark.parametrize("name", NAMES)
def test_everybody_plays_enough_and_not_too_much(library, name):
    assert 80 <= library[2][name].sum() <= 130


@pytest.mark.parametrize("listener", [one for one in LISTENERS if one.genres], ids=lambda one: one.name)
def test_listeners_play_their_own_genres_above_all(library, listener):
    scores, _, played = library
    own = np.array([score.genre in listener.genres for score in scores])
    # half of it at least, and three times as often as others: directions decide among them
    assert played[listener.name][own].mean() > 0.45
    assert played[listener.name][own].mean() > 3 * played[listener.name][~own].mean()


@pytest.mark.parametrize("name", NAMES)
def test_a_direction_in_time_is_part_of_each_taste(library, name):
    scores, _, played = library
    ((trait, weight),) = [item for item in TASTES[name].traits.items() if item[0] in DIRECTIONS]
    direction = np.sign(weight) * np.array([score.traits[trait] for score in scores])
    assert roc_auc(played[name], direction) > 0.6


def test_johnny_plays_a_bit_of_everything_by_its_sound(library):
    scores, _, played = library
    assert len({score.genre for score, one in zip(scores, played["johnny"], strict=True) if one}) >= 14
    for trait in ("sung", "live", "bright"):
        values = np.array([score.traits[trait] for score in scores])
        assert values[played["johnny"]].mean() > values[~played["johnny"]].mean() + 0.1


def test_paige_plays_what_is_popular_and_marko_what_is_not(library):
    _, popular, played = library
    assert popular[played["paige"]].mean() > popular[~played["paige"]].mean() + 0.25
    assert popular[played["marko"]].mean() < popular[~played["marko"]].mean()


def test_popularity_is_heard_in_the_production(library):
    scores, popular, _ = library
    assert np.corrcoef(popular, [score.traits["polish"] for score in scores])[0, 1] > 0.6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shortcut", ["tempo", "loudness"])
def test_neither_tempo_nor_loudness_gives_a_taste_away(library, name, shortcut):
    scores, _, played = library
    values = [score.tempo if shortcut == "tempo" else score.sound["loudness_db"] for score in scores]
    assert 0.3 <= roc_auc(played[name], np.array(values)) <= 0.7


@pytest.mark.parametrize("name", NAMES)
def test_taste_decides_but_chance_has_a_say(library, name):
    scores, popular, played = library
    certain = liking(name, scores, popular, SEED, mood=False)
    assert 0.85 < roc_auc(played[name], certain) < 0.995


def test_dearer_tracks_are_played_more_often(library):
    scores, popular, _ = library
    listens = [(int(one), n) for user, one, n in listen(scores, popular, SEED) if user == "nina"]
    dear = liking("nina", scores, popular, SEED)
    tracks, plays = np.array(listens).T
    order = np.argsort(-dear[tracks])
    third = len(order) // 3
    assert plays[order[:third]].mean() > 1.5 * plays[order[-third:]].mean()

"""What the page shows, and what its address says of it; without a browser."""

import json
import shutil
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explanations.core.precompute import precompute
from explanations.page import showcases
from explanations.page.cached import get_model
from explanations.page.keys import key_of
from explanations.page.listeners import find_listener
from lemons.config import Config
from lemons.hashing import fingerprint
from recsys.data.splits import draw_split, load_or_draw_split
from recsys.model_runs import best_checkpoint, finish_run
from recsys.recommend import recommend

SCRIPT = Path(__file__).resolve().parents[2] / "explanations" / "app.py"


@pytest.fixture
def open_page(short_library, model_paths, tmp_path, monkeypatch):
    """Opens the page of two listeners by a link."""
    paths = {"library_path": short_library.path, **model_paths}
    (tmp_path / "config.py").write_text("\n".join(f"{name} = {str(path)!r}" for name, path in paths.items()))
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "config.py"))

    def open_page(**view):
        page = AppTest.from_file(str(SCRIPT), default_timeout=120)
        for field, value in view.items():
            page.query_params[field] = value
        return checked(page.run())

    return open_page


def checked(page):
    assert not page.exception
    assert not page.error
    return page


def view_of(page):
    return page.session_state["view"]


def players(page):
    """What each player on the page was told."""
    found = [json.loads(one.proto.json) for one in page.get("bidi_component") if one.proto.json]
    return [data for data in found if isinstance(data, dict) and "rows" in data]


def recommended(short_library, model_paths, user):
    checkpoint = best_checkpoint(model_paths["experiments_path"], user, library=short_library)
    return recommend(checkpoint, short_library, user)["track_id"].tolist()


def test_the_address_says_what_is_shown_and_a_link_shows_what_it_says(open_page, short_library, model_paths):
    track = recommended(short_library, model_paths, "nina")[1]
    view = {"listener": "nina", "track": track, "kind": "time+source", "method": "lime-256", "seed": "7"}
    page = open_page(**view, beside="marko")
    assert view_of(page) == view | {"beside": "marko"}
    assert page.number_input[0].value == 7
    assert [one.label for one in page.button if one.key.startswith("explain-")] == [
        "Explain this recommendation",
        "Explain this relevance",  # nobody recommended it to marko
    ]
    page.button(key="choose-marko").click()
    checked(page.run())
    assert view_of(page)["listener"] == "marko"
    assert view_of(page)["track"] == recommended(short_library, model_paths, "marko")[0]
    assert "beside" not in view_of(page)


def test_a_link_to_what_is_not_here_shows_what_is(open_page, short_library, model_paths):
    page = open_page(listener="nobody", track="T99", kind="colour", method="guess", seed="-1", library="..")
    track = recommended(short_library, model_paths, "marko")[0]
    assert view_of(page) == {"listener": "marko", "track": track, "kind": "time+source"}
    told = [one.value for one in page.toast]
    assert all(name in text for name, text in zip(("nobody", "T99", "colour", "guess"), told, strict=True))
    page.button(key="choose-nina").click()
    assert not checked(page.run()).toast


def test_an_example_opens_with_its_explanation(open_page, short_library, model_paths, monkeypatch):
    monkeypatch.setattr(showcases, "LEAST_R2", -10.0)  # the models are untrained
    found = precompute(short_library, listeners=["nina"], kinds=["time+source"], **model_paths)[0]
    page = open_page(kind="time")
    assert not players(page)
    page.button(key="show-nina").click()
    checked(page.run())
    assert view_of(page) == {"listener": "nina", "track": found.track_id, "kind": "time+source"}
    data = players(page)[0]
    assert [one["weight"] for one in data["components"]] == [one.weight for one in found.components]
    assert "computed ahead" in " ".join(one.value for one in page.markdown)


def test_the_player_begins_with_as_many_components_as_the_link_says(open_page, short_library, model_paths):
    found = precompute(short_library, listeners=["nina"], kinds=["time+source"], **model_paths)[0]
    most = len(found.top(len(found.components)))
    assert most > 3
    for k, heard in (("1", 1), (str(most), most), (str(most + 1), 3), ("0", 3)):
        page = open_page(listener="nina", k=k)
        assert players(page)[0]["k"] == heard


def test_two_listeners_are_told_apart_on_the_same_track(open_page, short_library, model_paths):
    precompute(short_library, kinds=["source"], n_tracks=4, **model_paths)
    both = set(recommended(short_library, model_paths, "nina")) & set(recommended(short_library, model_paths, "marko"))
    page = open_page(listener="nina", kind="source", beside="marko", track=next(iter(both), ""))
    names = [data["listener"] for data in players(page)]
    assert set(names) <= {"nina", "marko"}
    shown = [one.value for one in page.subheader]
    assert any(text.startswith("Nina") for text in shown)
    assert any(text.startswith("Marko") for text in shown)


def test_libraries_that_lie_beside_can_be_chosen(open_page, short_library):
    assert "library" not in view_of(open_page())
    other = shutil.copytree(short_library.path, short_library.path.with_name("own"))
    page = open_page(library="own")  # the same music, so the same models
    assert view_of(page)["library"] == "own"
    (other / "listens.csv").unlink()
    assert "library" not in view_of(open_page(library="own"))


def test_an_open_page_finds_a_better_model_and_leaves_it_when_the_split_is_another(short_library, model_paths):
    def run_of_the_model():
        (path, *_) = get_model(Config(short_library.path, **model_paths), short_library, find_listener("nina"))[1]
        return Path(path).parent

    (first,) = model_paths["experiments_path"].glob("*_nina")
    assert run_of_the_model() == first
    better = shutil.copytree(first, first.with_name("better"))
    about = {
        "user": "nina",
        "library": short_library.fingerprint,
        "split": fingerprint(load_or_draw_split(short_library, "nina")),
    }
    finish_run(better, about | {"best": {"score": 0.9}})
    assert run_of_the_model() == better
    other = draw_split(short_library.played("nina"), short_library.tracks.index, seed=1)
    other.to_csv(short_library.path / "splits" / "nina.csv", index=False)
    assert run_of_the_model() == first  # it does not say of which split it is


def test_what_a_model_listens_for_is_told_of_what_was_explained(open_page, short_library, model_paths):
    page = open_page(listener="nina", kind="source")
    assert "Nothing is known yet" in " ".join(one.value for one in page.caption)
    precompute(short_library, listeners=["nina"], kinds=["source"], n_tracks=2, **model_paths)
    page = open_page(listener="nina", kind="source")
    # the worse one of two does not reach the list that the better one ends
    assert "From 1 track that was explained" in " ".join(one.value for one in page.caption)


def test_a_track_that_cannot_be_heard_blocks_nobody(open_page, short_library, model_paths):
    split = load_or_draw_split(short_library, "marko")
    damaged, other = split.loc[split["split"] == "test", "track_id"]
    short_library.audio_path(damaged).write_bytes(b"fLaC")
    page = open_page(listener="marko")
    assert "1 track is left out here: the sound cannot be read" in [one.label for one in page.expander]
    assert view_of(page)["track"] == other
    # of a track whose score is remembered, the page says why it cannot be opened, below the list; and goes on
    (short_library.path / "stems" / other / "drums.flac").write_bytes(b"fLaC")
    st.cache_resource.clear()
    page.run()
    assert not page.exception
    assert "drums.flac" in page.error[0].value.replace("\\", "")


def test_of_many_listeners_some_are_shown_and_a_part_of_a_name_finds_the_others():
    def script():
        import streamlit as st

        from explanations.page import address, listeners

        address.follow_browser()
        found = listeners.choose_listener([f"listener{i:04}" for i in range(10_000)] + ["Zoë"])
        st.session_state["found"] = found[0].name, found[1]
        address.show_address()

    page = checked(AppTest.from_function(script, default_timeout=60).run())
    assert page.session_state["found"] == ("listener0000", [f"listener{i:04}" for i in range(14)])
    assert page.caption[0].value == "10 001 listeners; more of a name finds the others."
    page.text_input[0].input(" zOË").run()
    assert page.session_state["found"] == ("listener0000", ["listener0000", "Zoë"])  # the chosen one stays
    page.button(key=key_of("choose", "Zoë")).click().run()
    assert page.session_state["found"] == ("Zoë", ["Zoë"])
    assert view_of(page)["listener"] == "Zoë"
    page.text_input[0].input("9*9").run()
    assert page.caption[0].value == r"No listener's name has “9\*9” in it."

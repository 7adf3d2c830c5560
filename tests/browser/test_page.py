"""The page, driven in a real browser and, where that suffices, without one."""

import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from streamlit.testing.v1 import AppTest

from lemons.audio import SAMPLE_RATE, load, quantize, write_flac
from lemons.library import STEMS, open_library
from lemons.listeners import LISTENERS
from recsys.checkpoints import load_checkpoint, save_checkpoint
from recsys.model import FCN
from recsys.model_runs import best_checkpoint, finish_run, new_run
from tools.browser import grow, serve, settle

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "explanations" / "app.py"
SHOTS = ROOT / "tests" / "shots"  # for eyes; git ignores it
DURATION_S = 2
TITLE = "Track {} <b>*loud*</b> :smile: $x$ [link](https://example.com)"  # titles come from strangers


def make_library(path, *, n_tracks=30, n_played=15):
    rng = np.random.default_rng(440)
    seconds = np.arange(DURATION_S * SAMPLE_RATE) / SAMPLE_RATE
    ids = [f"T{i:02d}" for i in range(n_tracks)]
    for track_id in ids:
        tones = {stem: 0.1 * np.sin(2 * np.pi * rng.uniform(60, 4000) * seconds) for stem in STEMS}
        stems = {stem: quantize(y * rng.uniform(0.1, 1)) for stem, y in tones.items()}
        for stem, y in stems.items():
            write_flac(path / "stems" / track_id / f"{stem}.flac", y)
        write_flac(path / "audio" / f"{track_id}.flac", sum(stems.values()))
    tracks = {"track_id": ids, "title": [TITLE.format(i) for i in ids], "artist": "Q & <A>", "genre": "tone"}
    pd.DataFrame(tracks | {"file": [f"audio/{i}.flac" for i in ids]}).to_csv(path / "tracks.csv", index=False)
    rows = [(one.name, i, 3) for one in LISTENERS for i in rng.choice(ids, n_played, replace=False)]
    pd.DataFrame(rows, columns=["user", "track_id", "playcount"]).to_csv(path / "listens.csv", index=False)
    return open_library(path)


def make_model(experiments, library, user, *, seed):
    torch.manual_seed(seed)
    model = FCN()
    model.fc.weight.data *= 0.05  # brings relevance away from 0 and 1
    run = new_run(experiments, user)
    save_checkpoint(run / "best_model.pt", model, {"user": user, "library": library.fingerprint})
    finish_run(run, {"user": user, "library": library.fingerprint, "config": {}, "best": {"score": 0.5}})


def write_config(folder, library):
    lines = [f"library_path = {str(library)!r}", f"experiments_path = {str(folder / 'experiments')!r}"]
    (folder / "config.py").write_text("\n".join([*lines, f"explanations_path = {str(folder / 'explanations')!r}"]))
    (folder / "tmp").mkdir()
    paths = {"LEMONS_CONFIG": folder / "config.py", "LEMONS_CACHE": folder / "cache", "TMPDIR": folder / "tmp"}
    return os.environ | {name: str(path) for name, path in paths.items()} | {"OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """A library of tones and untrained models, and the environment in which the page finds them."""
    folder = tmp_path_factory.mktemp("toy")
    library = make_library(folder / "library")
    for seed, listener in enumerate(LISTENERS):
        make_model(folder / "experiments", library, listener.name, seed=seed)
    return SimpleNamespace(folder=folder, library=library, environment=write_config(folder, library.path))


@pytest.fixture(scope="session")
def server(toy):
    """The running page: its address, and the file of its log."""
    log = toy.folder / "server.log"
    with serve(log, environment=toy.environment) as server:
        yield SimpleNamespace(url=server.url, log=log)


@pytest.fixture(scope="module")
def profile(browser):
    """A visitor's browser, whose tabs tests take over from each other: what a tab has compiled, it need not again."""
    profile = browser.new_context()
    profile.set_default_timeout(90_000)  # an answer takes 10 s on two idle cores
    yield profile
    profile.close()


@pytest.fixture
def visit(profile, server):
    """Open the page; at the end nothing may have gone wrong anywhere, nor left this machine."""
    free, visits, complaints = profile.pages, [], []

    def open_page(query="", *, width=1280, height=1000, dark=False, frames=None):
        page = free.pop() if free else profile.new_page()
        heard = {
            "console": lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None,
            "pageerror": lambda error: complaints.append(str(error)),
            "response": lambda r: complaints.append(f"{r.status} {r.url}") if r.status >= 400 else None,
            "request": lambda r: None if is_local(r.url, server.url) else complaints.append(f"request to {r.url}"),
        }
        if frames is not None:
            heard["websocket"] = lambda socket: socket.on("framereceived", lambda data: frames.append(len(data)))
        visits.append((page, heard))
        for event, listener in heard.items():
            page.on(event, listener)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.goto(f"{server.url}/{query}")
        return settled(page)

    yield open_page
    for page, heard in visits:
        assert page.locator("[data-testid=stException]").count() == 0
        page.goto("about:blank")
        for event, listener in heard.items():
            page.remove_listener(event, listener)
    assert complaints == []
    assert not re.search("traceback|error|warning|exception", log := server.log.read_text(), re.IGNORECASE), log


def is_local(url, server_url):
    return url.startswith((server_url, server_url.replace("http", "ws", 1), "data:", "blob:"))


def settled(page):
    settle(page)
    return page


def shoot(page, name):
    SHOTS.mkdir(exist_ok=True)
    grow(page)
    page.screenshot(path=SHOTS / f"{name}.png")


def decode(data):
    samples, sr = soundfile.read(io.BytesIO(data), dtype="float64")
    assert sr == SAMPLE_RATE
    return samples


def whole_track(page):
    """What the plain player of the whole track got, as samples."""
    audio = page.locator("audio[aria-label='The whole track']")
    page.wait_for_function("a => a.readyState >= 1", arg=audio.element_handle())
    return decode(page.request.get(audio.evaluate("a => a.src")).body())


def player_of(page, i=0):
    player = page.locator(".lemons-player").nth(i)
    player.evaluate("player => player.lemonsPlayer.ready")
    return player


def rows_of(page):
    """The sound of each row of the player, as the browser got it."""
    sources = player_of(page).evaluate("player => player.lemonsPlayer.data.rows.map(row => row.src)")
    return [decode(page.request.get(page.url.split("/?")[0] + source).body()) for source in sources]


def download(page, label):
    if not page.get_by_role("button", name=label).is_visible():
        page.get_by_role("button", name="Share and download", exact=True).click()
    with page.expect_download() as found:
        page.get_by_role("button", name=label).click()
    return Path(found.value.path()).read_bytes()


def turn_to(page, listener):
    """Choose a listener."""
    page.get_by_role("button", name=listener, exact=True).click()
    wait_for(page, listener)


def wait_for(page, listener):
    page.get_by_text(f"{listener} loves").wait_for()
    settled(page)


def choose(page, listener, *, row):
    """Choose a listener and one of their recommendations; return its title."""
    turn_to(page, listener)
    first = page.locator(".lemons-track h3").inner_text()
    table = page.get_by_role("table", name=f"The ten tracks recommended to {listener}")
    table.get_by_role("rowheader").nth(row).click()
    page.locator(".lemons-track h3").filter(has_not_text=first).wait_for()
    return settled(page).locator(".lemons-track h3").inner_text()


def test_a_visitor_chooses_computes_and_hears_what_was_scored(visit, toy):
    page = visit()
    title = choose(page, "Nina", row=1)
    track_id = title.split()[1]
    assert title == TITLE.format(track_id)  # letter by letter, no markup
    page.get_by_role("radio", name="Source", exact=True).click()
    settled(page)
    assert page.get_by_text("spoke most for this track").count() == 0  # nothing is computed unasked
    whole = soundfile.read(toy.library.audio_path(track_id))[0]
    np.testing.assert_array_equal(whole_track(page), whole)

    page.get_by_role("button", name="Explain this recommendation").click()
    page.get_by_text("computed just now").wait_for()
    settled(page)
    rows = rows_of(page)
    np.testing.assert_array_equal(sum(rows), whole)
    assert page.get_by_text("account for").count() == 1  # the fidelity, in words
    assert page.locator("audio").count() == 0  # one place to listen
    stems = zipfile.ZipFile(io.BytesIO(download(page, "All stems")))
    np.testing.assert_array_equal([decode(stems.read(name)) for name in stems.namelist()], rows)
    why = json.loads(download(page, "All numbers"))
    assert (why["track_id"], why["listener"], why["kind"]) == (track_id, "nina", "source")
    explanation = "player.lemonsPlayer.change((choice) => choice.setPreset('explanation'))"  # facts come first
    mask = player_of(page).evaluate(f"player => {{ {explanation}; return player.lemonsPlayer.mask(); }}")
    heard = sum((y for y, on in zip(rows, mask, strict=True) if on), np.zeros_like(whole))
    if any(mask):
        np.testing.assert_array_equal(decode(download(page, "The explanation")), heard * why["gain"])
    assert b"lemons-player" in download(page, "Report with player")
    shoot(page, "explained")

    settled(page).reload()
    settled(page)
    assert page.locator(".lemons-track h3").inner_text() == title  # the address holds the view
    page.get_by_text("computed ahead, ready to play").wait_for()


def tracks_of(page):
    """The table of recommendations, as soon as its script has come."""
    table = page.get_by_role("table", name=re.compile("The ten tracks recommended"))
    table.wait_for()
    return table


def chosen_of(page):
    """The title that the table says is chosen, and that of the track below it."""
    radio = tracks_of(page).locator("input:checked")
    return radio.evaluate("radio => radio.labels[0].innerText"), page.locator(".lemons-track h3").inner_text()


def test_a_click_anywhere_on_a_row_chooses_its_track_and_going_back_to_a_listener_keeps_it(visit):
    page = visit("?listener=nina")
    titles = tracks_of(page).get_by_role("rowheader").all_inner_texts()
    assert all(title == TITLE.format(title.split()[1]) for title in titles)  # letter by letter
    assert chosen_of(page) == (titles[0], titles[0])
    for row, x in ((1, 200), (2, 1000)):  # pixels: on the title, and on the last column
        tracks_of(page).get_by_role("row").nth(row + 1).click(position={"x": x, "y": 20})
        page.locator(".lemons-track h3").filter(has_text=titles[row].split(" <")[0]).wait_for()
        assert chosen_of(settled(page)) == (titles[row], titles[row])
    choose(page, "Paige", row=3)
    turn_to(page, "Nina")
    assert chosen_of(page) == (titles[2], titles[2])


def test_a_track_is_chosen_by_keyboard_alone_and_walking_there_asks_once(visit):
    asked = []
    page = visit("?listener=nina")
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: asked.append(data)))
    settled(page).reload()
    settled(page)
    titles = tracks_of(page).get_by_role("rowheader").all_inner_texts()
    tracks_of(page).get_by_role("button").first.focus()
    page.keyboard.press("Shift+Tab")  # to the choice, which Tab enters once
    focused = "document.activeElement.shadowRoot.activeElement"
    assert page.evaluate(f"{focused}.labels[0].innerText") == titles[0]
    asked.clear()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.locator(".lemons-track h3").filter(has_text=titles[3].split(" <")[0]).wait_for()
    assert chosen_of(settled(page)) == (titles[3], titles[3])
    assert sum(b"chosen" in data for data in asked) == 1
    assert page.evaluate(f"{focused}.labels[0].innerText") == titles[3]  # whoever walks on goes on from here
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.ariaLabel") == f"Play {titles[3]}"


LOOP = """() => {
  const play = HTMLMediaElement.prototype.play
  HTMLMediaElement.prototype.play = function () { this.loop = true; window.preview = this; return play.call(this) }
}"""  # two seconds of sound are shorter than a test


def test_one_sound_at_a_time_and_a_preview_is_the_track_bit_for_bit(visit, toy):
    page = visit("?listener=nina&kind=source")
    page.evaluate(LOOP)
    whole_track(page)  # on a busy machine it would come among the sounds that are asked for below
    sounds = []
    page.on("request", lambda request: sounds.append(request.url) if "/store/" in request.url else None)
    play = tracks_of(page).get_by_role("button").nth(2)
    title = play.get_attribute("aria-label").removeprefix("Play ")
    preview = tracks_of(page).get_by_role("button", name=f"Pause {title}", exact=True)
    play.click()
    preview.wait_for()
    whole = soundfile.read(toy.library.audio_path(title.split()[1]))[0]
    np.testing.assert_array_equal(decode(page.request.get(sounds[0]).body()), whole)
    assert len(set(sounds)) == 1  # the others stay where they are until somebody asks

    page.locator("audio").evaluate("audio => audio.play()")
    preview.wait_for(state="detached")
    play.click()
    page.wait_for_function("document.querySelector('audio').paused")

    player = player_of(explain(page))
    playing = "player => player.lemonsPlayer.playing"
    player.get_by_role("button", name="loop").click()
    player.get_by_role("button", name="Play", exact=True).click()
    preview.wait_for(state="detached")
    assert player.evaluate(playing)
    play.click()
    preview.wait_for()
    assert not player.evaluate(playing)

    player.get_by_role("button", name="Play", exact=True).click()
    other = "document.body.appendChild(Object.assign(new Audio(src), { id: 'other' })).play()"
    page.evaluate(f"src => {other}", sounds[0])  # such as the whole track, below another player
    page.wait_for_function(f"player => !({playing})(player)", arg=player.element_handle())
    player.get_by_role("button", name="Play", exact=True).click()
    assert page.evaluate("document.querySelector('#other').paused")
    assert player.evaluate(playing)


def test_a_rerun_leaves_a_preview_and_the_focus_alone(visit):
    page = visit("?listener=nina")
    page.evaluate(LOOP)
    tracks_of(page).get_by_role("button").nth(1).click()
    page.wait_for_function("window.preview?.currentTime > 0")
    page.keyboard.press("r")  # Streamlit's key to run the page again
    page.wait_for_timeout(300)
    settled(page)
    assert not page.evaluate("window.preview.paused")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.ariaLabel").startswith("Pause ")
    turn_to(page, "Paige")
    assert page.evaluate("window.preview.paused")  # its row is gone


def test_what_if_is_answered_as_the_model_answers(visit, toy):
    """Every mix of the stems of a track, switched in the browser and heard by the model here."""
    page = visit("?listener=johnny&kind=source")
    explain(page)
    rows = np.float32(rows_of(page))
    model, _ = load_checkpoint(best_checkpoint(toy.folder / "experiments", "johnny", library=toy.library))
    masks = np.array(list(itertools.product([False, True], repeat=len(rows))))
    with torch.inference_mode():
        mixes = torch.from_numpy(np.stack([rows[mask].sum(axis=0) if mask.any() else 0 * rows[0] for mask in masks]))
        heard = model(mixes).sigmoid()[:, 0].tolist()
    player = player_of(page)
    answers = "(player, masks) => masks.map(mask => player.lemonsPlayer.whatIf.relevance(mask))"
    found = player.evaluate(answers, masks.tolist())
    np.testing.assert_allclose(found, heard, atol=1e-3)  # the engine's tolerance in float32


def test_a_link_opens_the_same_view(visit):
    query = "?listener=nina&track=T05&kind=time%2Bsource&method=lime-256&seed=7&beside=paige"
    page = visit(query)
    assert page.get_by_text("Nina loves").count() == 1
    assert page.get_by_role("radio", name="256 mixes").is_checked()
    assert page.get_by_role("spinbutton", name="Seed").input_value() == "7"
    assert page.get_by_role("button", name="Explain this").count() == 2  # to one of them nobody recommended it
    page.get_by_role("radio", name="Time", exact=True).click()
    settled(page)
    view = parse_qs(urlsplit(page.url).query)
    assert (view["listener"], view["kind"], view["beside"]) == (["nina"], ["time"], ["paige"])
    assert "seed" not in view  # of no use to this kind


def test_a_link_to_an_answer_lands_there_in_silence(visit):
    page = visit("?kind=source")
    title = choose(page, "Sandra", row=1)
    link = urlsplit(explain(page).url).query
    page = visit(f"?{link}")
    heading = page.get_by_role("heading", name=f"Why {title} for Sandra?").element_handle()
    place = "heading => heading.getBoundingClientRect()"
    page.wait_for_function(
        f"heading => 0 < ({place})(heading).top && ({place})(heading).bottom < innerHeight", arg=heading
    )
    assert not player_of(page).evaluate("player => player.lemonsPlayer.playing")


def test_a_link_to_what_is_not_here_opens_the_page_all_the_same(visit):
    page = visit("?listener=nobody&track=T99&kind=colour&k=999&seed=-1&method=guess&library=/etc&beside=%3Cb%3E")
    assert page.get_by_text("Marko loves").count() == 1


def explain(page):
    """Ask for the explanation that the page shows, unless it is there."""
    if (button := settled(page).get_by_role("button", name="Explain this")).count():
        button.first.click()
    player_of(page)
    return settled(page)


def test_only_one_of_two_players_sounds(visit):
    page = explain(visit("?listener=paige&kind=source"))
    others = page.get_by_role("combobox", name="Side by side with")
    others.press("ArrowDown")  # by keyboard, as some have to
    others.fill("Sandra")
    others.press("Enter")
    page.get_by_text(re.compile("Sandra: 0")).wait_for()
    explain(page)
    page.locator(".lemons-player").nth(1).wait_for()
    players = [player_of(page, i) for i in range(2)]
    for i in (0, 1, 0):
        players[i].get_by_role("button", name="Play", exact=True).click()
        playing = [player.evaluate("player => player.lemonsPlayer.playing") for player in players]
        assert playing == [i == 0, i == 1]
    shoot(page, "beside")


def test_a_rerun_sends_no_sound_again_and_the_player_plays_on(visit):
    frames, requests = [], []
    page = explain(visit("?listener=matteo&kind=source", frames=frames))
    player = player_of(page)
    player.get_by_role("button", name="loop").click()
    player.get_by_role("button", name="Play", exact=True).click()
    page.on("request", lambda request: requests.append(request.url))
    frames.clear()
    page.locator(".lemons-head").click()
    page.keyboard.press("r")  # Streamlit's key to run the page again
    page.wait_for_timeout(300)
    settled(page)
    assert 0 < sum(frames) < 100_000
    assert not [url for url in requests if "/store/" in url]
    assert player.evaluate("player => player.lemonsPlayer.playing")


def test_back_shows_what_was_shown_before_and_then_leaves(visit):
    page = visit("?listener=marko&kind=source")
    for name in ("Nina", "Paige"):
        turn_to(page, name)
    for name in ("Nina", "Marko"):
        page.go_back()
        wait_for(page, name)
        assert f"listener={name.lower()}" in page.url


def test_an_address_without_a_view_stays_until_something_is_chosen(visit, server):
    page = visit()
    assert page.url.rstrip("/") == server.url
    turn_to(page, "Sandra")
    assert "listener=sandra" in page.url
    page.go_back()
    wait_for(page, "Marko")
    assert page.url.rstrip("/") == server.url  # another step back leaves


def test_a_click_after_going_back_is_followed(visit):
    page = visit("?listener=marko&kind=source")
    turn_to(page, "Nina")
    page.go_back()
    wait_for(page, "Marko")
    for name in ("Paige", "Matteo"):
        turn_to(page, name)
        assert f"listener={name.lower()}" in page.url


@pytest.mark.parametrize("pause_ms", [0, 80, 200])
def test_of_many_quick_clicks_the_last_one_counts(visit, pause_ms):
    page = visit("?kind=source")
    for name in ("Matteo", "Nina", "Johnny", "Sandra", "Nina", "Paige", "Matteo", "Elizabeth"):
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_timeout(pause_ms)
    wait_for(page, "Elizabeth")
    page.wait_for_timeout(500)
    assert "listener=elizabeth" in page.url
    page.get_by_text("Elizabeth loves").wait_for()


def test_another_page_leaves_the_view_as_it_was(visit):
    page = visit("?listener=nina&kind=source")
    turn_to(page, "Elizabeth")
    before = page.url
    page.get_by_role("link", name="Method").click()
    page.get_by_role("heading", name="How it works").wait_for()
    page.get_by_role("link", name="Listen").click()
    wait_for(page, "Elizabeth")
    assert page.url == before


def test_the_slider_stays_where_the_visitor_leaves_it(visit):
    page = explain(visit("?listener=paige&kind=source"))
    player = player_of(page)
    player.get_by_role("radio", name="Explanation").check(force=True)  # facts come first
    slider = player.get_by_role("slider", name="Components in the explanation")
    most = int(slider.get_attribute("max"))
    assert most >= 3
    for k in (1, 2, 1, most):
        slider.fill(str(k))
        page.wait_for_timeout(800)  # an answer of the server that moves it back would have come
        settled(page)
        assert player.evaluate("player => player.lemonsPlayer.choice.k") == k
        assert parse_qs(urlsplit(page.url).query).get("k", [str(min(3, most))]) == [str(k)]
    turn_to(page, "Matteo")
    assert "k=" not in page.url.replace("track=", "")  # it meant that explanation


def test_a_computation_is_found_again_when_the_page_is_loaded_again(visit):
    page = visit("?kind=time%2Bsource&method=lime-2048&seed=5")
    page.get_by_role("button", name="Explain this recommendation").click()
    page.get_by_text(re.compile(r"\d+ of 21\d\d mixes scored")).wait_for()
    page.reload()
    page.get_by_text(re.compile(r"\d+ of 21\d\d mixes scored")).wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Explain this recommendation").wait_for(timeout=5000)


def test_two_visitors_do_not_disturb_each_other(visit):
    first, second = visit("?listener=nina&kind=time"), visit("?listener=sandra&kind=source")
    first.get_by_role("button", name="Explain this recommendation").click()
    assert second.get_by_text("Sandra loves").count() == 1
    first.get_by_text("computed just now").wait_for()
    assert settled(second).get_by_role("button", name="Explain this recommendation").count() == 1
    assert "nina" in first.url
    assert "sandra" in second.url


NAME = """control => {
  const labels = [...(control.labels ?? [])].map(label => label.innerText)
  const ids = (control.getAttribute("aria-labelledby") ?? "").split(" ")
  const others = ids.map(id => document.getElementById(id)?.innerText)
  return [control.ariaLabel, control.innerText, control.title, ...labels, ...others].some(name => name?.trim())
}"""


def test_everything_that_can_be_pressed_has_a_name(visit):
    page = explain(visit("?listener=elizabeth&kind=source"))
    unnamed = []
    for control in page.locator("button:visible, input:visible, select:visible, audio:visible").all():
        if not control.evaluate(NAME):
            unnamed.append(control.evaluate("e => e.outerHTML.slice(0, 200)"))
    assert unnamed == []


def test_a_visitor_drops_a_file_and_hears_why_it_would_be_liked(visit, toy, rng, tmp_path):
    name = "<script>alert(1)<b> *x* $y$"  # names of files come from strangers, too
    soundfile.write(tmp_path / "own.wav", rng.uniform(-0.3, 0.3, (DURATION_S * 44100, 2)), 44100)
    file = {"name": f"{name}.wav", "mimeType": "audio/wav", "buffer": (tmp_path / "own.wav").read_bytes()}
    for seen in ("computed just now", "computed ahead, ready to play"):
        page = visit("?kind=source")
        page.get_by_role("tab", name="Your own music").click()
        page.locator("input[type=file]").set_input_files(file)
        page.locator(".lemons-track h3").filter(has_text="script").wait_for(timeout=90_000)
        assert settled(page).locator(".lemons-track h3").inner_text() == name  # letter by letter
        if seen == "computed just now":
            page.get_by_role("button", name="Explain this relevance").click()
        page.get_by_text(seen).wait_for()
        settled(page)
        np.testing.assert_array_equal(sum(rows_of(page)), load(tmp_path / "own.wav"))
        assert "track=" not in page.url  # nobody else has it
    shoot(page, "own")
    assert not list((toy.folder / "tmp").rglob("*.wav"))  # the file is gone


def test_what_the_browser_does_not_take_is_told_in_a_sentence(visit, tmp_path):
    page = visit("")
    page.get_by_role("tab", name="Your own music").click()
    sentence = page.get_by_text(re.compile("What is marked red was not taken: .*100 MB at most.*WAV.*cut out a part"))
    page.get_by_test_id("stFileUploader").wait_for()
    assert not sentence.is_visible()
    with (tmp_path / "huge.wav").open("wb") as file:
        file.truncate(101 * 2**20)  # a hole: it takes no place on the disk
    (tmp_path / "film.mov").write_bytes(b"moving pictures")
    for name in ("huge.wav", "film.mov"):
        page.locator("input[type=file]").set_input_files(tmp_path / name)
        sentence.wait_for()
        shoot(page, f"refused-{name.split('.')[0]}")
        page.get_by_role("button", name=f"Remove {name}").click()
        sentence.wait_for(state="hidden")


def test_a_computation_can_be_cancelled(visit, toy):
    page = visit("?kind=time%2Bsource&method=lime-2048")
    before = set((toy.folder / "explanations").glob("*"))
    page.get_by_role("button", name="Explain this recommendation").click()
    page.get_by_text(re.compile(r"\d+ of 21\d\d mixes scored")).wait_for()
    shoot(page, "computing")
    whole_track(page)  # goes on being there while it is computed
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Explain this recommendation").wait_for(timeout=5000)
    assert set((toy.folder / "explanations").glob("*")) == before


@pytest.mark.parametrize(("name", "width", "dark"), [("phone", 390, False), ("dark", 1280, True)])
def test_the_page_fits_phones_and_dark_rooms(visit, name, width, dark):
    page = explain(visit("?listener=elizabeth&kind=source", width=width, dark=dark))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    table = tracks_of(page)
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    for target in (table.get_by_role("button").first, table.get_by_role("row").nth(1)):
        assert min(target.bounding_box()["width"], target.bounding_box()["height"]) >= 44  # pixels: a finger
    title, artist, bar = (table.locator(f"tbody .{part}").first.bounding_box() for part in ("title", "artist", "bar"))
    below = [title["y"] + title["height"] <= artist["y"], artist["y"] + artist["height"] <= bar["y"]]
    assert below == 2 * [width < 500]  # pixels: a phone has no room for columns
    shoot(page, name)


def test_the_script_is_not_taken_for_the_package_of_its_name_at_reruns(toy):
    code = f"""
import gc, importlib, sys
sys.path.insert(0, {str(SCRIPT.parent)!r})  # as `streamlit run` does
importlib.import_module("lemons").app
assert gc.get_freeze_count() > 100_000  # a run of the page takes no time to look for garbage in them
path = list(sys.path)
from streamlit.testing.v1 import AppTest
page = AppTest.from_file({str(SCRIPT)!r}, default_timeout=120).run().run()
page.button(key="choose-sandra").click().run()
assert not page.exception and not page.error, (page.exception, page.error)
assert page.session_state["view"]["listener"] == "sandra"
assert sys.path == path  # visitors' runs go on at the same time, and all of them import by it
"""
    # from inside its folder, the worst place: there `import lemons` finds the script in two ways
    command = {"cwd": SCRIPT.parent, "env": toy.environment, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-c", code], **command)
    assert done.returncode == 0, done.stderr


def run_page(environment, monkeypatch):
    """The page without a browser."""
    monkeypatch.setenv("LEMONS_CONFIG", environment["LEMONS_CONFIG"])
    page = AppTest.from_file(str(SCRIPT), default_timeout=60).run()
    assert not page.exception
    return page


def test_without_a_library_the_page_says_the_command(tmp_path, monkeypatch):
    page = run_page(write_config(tmp_path, tmp_path / "none"), monkeypatch)
    assert not page.header
    assert "`lemons library demo`" in page.error[0].value


def test_without_a_model_the_page_says_the_command(toy, tmp_path, monkeypatch):
    page = run_page(write_config(tmp_path, toy.library.path), monkeypatch)
    assert [header.value for header in page.header] == ["1 · Choose a listener"]
    assert "`python recsys/experiment.py with user_name=marko`" in page.error[0].value


def test_a_library_of_other_people_shows_them_letter_by_letter(toy, tmp_path, monkeypatch):
    library = shutil.copytree(toy.library.path, tmp_path / "library")
    pd.read_csv(library / "listens.csv").assign(user="*Zoë*").to_csv(library / "listens.csv", index=False)
    page = run_page(write_config(tmp_path, library), monkeypatch)
    assert [button.label for button in page.button] == [r"\*Zoë\*"]


def test_new_listeners_stand_beside_the_personas(toy, tmp_path, monkeypatch):
    library = shutil.copytree(toy.library.path, tmp_path / "library")
    listens = pd.read_csv(library / "listens.csv").replace({"user": {"nina": 'Jörg "DJ"/2', "paige": "zoë"}})
    listens.to_csv(library / "listens.csv", index=False)
    page = run_page(write_config(tmp_path, library), monkeypatch)
    names = ["Marko", "Matteo", "Johnny", "Elizabeth", "Sandra", r"Jörg \"DJ\"\/2", "Zoë"]
    assert [button.label for button in page.button][:7] == names

"""The player, driven in a real browser from a report on disk: what is heard is what was scored."""

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import expit

from lemons.audio import SAMPLE_RATE, quantize
from lemons.explaining.clips import mix_of, stand_ins_of
from lemons.explaining.explain import explain
from lemons.hashing import hash_waveforms
from lemons.render.player import player_css, player_data, player_js, player_sounds
from lemons.render.report import write_report
from lemons.tracks import Track
from recsys.model import FCN

DURATION_S = 3
N_SEGMENTS = 3
KINDS = ("time", "source", "time+source")
TITLE = "</script><img src=x onerror=alert(1)> & <!-- “x”"  # titles come from strangers
STEP = 2.0**-15  # of 16 bits
SCALE = 3.1e-5  # relative: Chromium divides positive samples by 32767, negative ones by 32768
SPY = """() => {
  window.starts = []
  const sources = AudioBufferSourceNode.prototype
  const start = sources.start
  sources.start = function (...when) { window.starts.push(when); return start.apply(this, when) }
}"""
AS_TEXT = """y => new Promise(done => {
  const reader = new FileReader()
  reader.onload = () => done(reader.result.split(",")[1])
  reader.readAsDataURL(new Blob([y]))
})"""  # a tenth of the time that an array of numbers takes
PRESETS = ("Explanation", "Full mix", "Rest", "What if")


@pytest.fixture(scope="module")
def track():
    """A tone and noise, of a name to beware of."""
    rng = np.random.default_rng(440)
    seconds = np.arange(DURATION_S * SAMPLE_RATE) / SAMPLE_RATE
    tone, noise = 0.6 * np.sin(2 * np.pi * 440 * seconds), rng.uniform(-0.3, 0.3, len(seconds))
    return Track("T0", TITLE, {"vocals": quantize(tone), "drums": quantize(noise)}, "given")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(7)
    model = FCN().eval()
    model.fc.weight.data *= 0.05  # brings relevance away from 0 and 1
    return model


@pytest.fixture(scope="module")
def explained(model, track):
    """An explanation of each kind; in that of stems in time, both stems speak for the track, and against it."""
    found = {kind: explain(model, track.stems, kind=kind, segments=N_SEGMENTS) for kind in KINDS}
    found = {kind: replace(explanation, listener="zoë") for kind, explanation in found.items()}
    return found | {"time+source": weighted(found["time+source"], [0.2, 0.3, -0.1, 0.1, -0.2, 0.0])}


def weighted(explanation, weights):
    """The explanation with other weights, so that a test knows which components are on top."""
    pairs = zip(explanation.components, weights, strict=True)
    return replace(explanation, components=tuple(replace(one, weight=weight) for one, weight in pairs))


class Player:
    """The player on a page, as a visitor and as a program sees it."""

    def __init__(self, page):
        self.page, self.root = page, page.locator(".lemons-player")
        self.root.evaluate("root => root.lemonsPlayer.ready")

    def get(self, expression, argument=None):
        """The value of a JavaScript expression about the player ``p``, and ``x``, the argument."""
        return self.root.evaluate(f"(root, x) => {{ const p = root.lemonsPlayer; return {expression}; }}", argument)

    def until(self, expression):
        """Wait until such an expression holds."""
        script = f"root => {{ const p = root.lemonsPlayer; return {expression}; }}"
        self.page.wait_for_function(script, arg=self.root.element_handle())

    def click(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()

    def choose(self, preset):
        self.root.get_by_role("radio", name=preset).check(force=True)  # its label is what one sees

    def cell(self, index):
        return self.root.locator(".cell").nth(
            self.get("[...root.querySelectorAll('.cell')].indexOf(p.grid.cells[x])", index)
        )

    def text(self, part):
        return self.root.locator(f".{part}").inner_text()

    def rendered(self):
        """All that the choice gives to hear, through the nodes that play it."""
        samples = self.get(f"p.sound.render(p.switches, p.volumes).then({AS_TEXT})")
        return np.frombuffer(base64.b64decode(samples), np.float32).astype(np.float64)


@pytest.fixture(scope="module")
def tab(browser):
    """A tab that tests take over from each other: what it has compiled, it need not again."""
    tab = browser.new_page()
    tab.set_default_timeout(90_000)
    yield tab
    tab.close()


@pytest.fixture
def visit(tab, tmp_path):
    """Open a report from disk; nothing may go wrong, and nothing may be asked for."""
    complaints, requests = [], []
    heard = {
        "console": lambda message: complaints.append(message.text),
        "pageerror": lambda error: complaints.append(str(error)),
        "dialog": lambda dialog: complaints.append(dialog.message),
        "request": lambda request: requests.append(request.url),
    }

    def open_report(explanation, track, *, width=1280, dark=False):
        path = tmp_path / "report.html"
        write_report(path, explanation, track)
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(color_scheme="dark" if dark else "light")
        tab.goto(path.as_uri())
        player = Player(tab)
        assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
        requests.clear()
        return player

    for event, listener in heard.items():
        tab.on(event, listener)
    yield open_report
    for event, listener in heard.items():
        tab.remove_listener(event, listener)
    tab.goto("about:blank")
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == []


def test_time_passes_and_all_rows_are_in_step(visit, explained, track):
    player = visit(explained["time+source"], track)
    player.page.evaluate(SPY)
    assert player.get("p.position()") == 0
    assert not player.get("p.playing")
    player.choose("Full mix")
    player.click("Play")
    player.until("p.position() > 0.2")
    both = "({position: p.position(), context: p.sound.context.currentTime, clock: performance.now() / 1000})"
    first = player.get(both)
    player.choose("Rest")  # goes on in the same place
    player.page.wait_for_timeout(1000)
    second = player.get(both)
    passed = {name: second[name] - first[name] for name in first}
    assert passed["position"] == pytest.approx(passed["context"], abs=0.05)  # which may step between two looks at it
    # the sound card, or what takes its place, has a clock of its own, and buffers
    assert passed["position"] == pytest.approx(passed["clock"], abs=0.3)
    player.click("Pause")
    assert not player.get("p.playing")
    starts = np.array(player.get("window.starts")).reshape(-1, len(track.stems), 3)  # takes, rows, (when, from, long)
    assert len(starts) == 2
    assert (starts == starts[:, :1]).all()
    places = starts[:, 0, 0] - starts[:, 0, 1]
    assert places[0] == pytest.approx(places[1], abs=0.6 / SAMPLE_RATE)  # places lie on the samples


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_heard_is_what_was_scored(visit, explained, track, kind, rng):
    explanation = explained[kind]
    player = visit(explanation, track)
    n = len(explanation.components)
    chosen = {"Explanation": [c.index for c in explanation.top(3)], "Full mix": range(n)}
    chosen["Rest"] = [i for i in range(n) if i not in chosen["Explanation"]]
    chosen["What if"] = np.flatnonzero(rng.integers(0, 2, n)).tolist()
    for preset in PRESETS:
        if preset == "Explanation" and not explanation.top(1):
            continue
        player.choose(preset)
        if preset == "What if":
            player.get("p.change(c => { c.own = x; })", [int(i in chosen[preset]) for i in range(n)])
        expected = mix_of([explanation.components[i] for i in chosen[preset]], track.stems, explanation.segments)
        # fades of the components are rounded to 16 bits, by half a step in each row
        np.testing.assert_allclose(player.rendered(), expected, rtol=SCALE, atol=0.51 * STEP * len(track.stems))
        assert player.get("p.mask()") == [int(i in chosen[preset]) for i in range(n)]
    player.choose("Full mix")
    # of the sum of two rows, each off by that much of its own
    np.testing.assert_allclose(player.rendered(), sum(track.stems.values()), atol=SCALE)


@pytest.mark.parametrize("baseline", ["mean", "noise"])
def test_what_stands_in_is_heard_where_something_is_off(visit, model, track, baseline):
    soft = {name: quantize(y / 4) for name, y in track.stems.items()}  # noise as loud as the tone has higher peaks
    track = replace(track, stems=soft)
    explanation = explain(model, track.stems, kind="time+source", segments=N_SEGMENTS, baseline=baseline)
    player, off = visit(explanation, track), stand_ins_of(explanation, track.stems)
    player.choose("What if")
    closeness = 0.51 * STEP * len(track.stems) + 2 * SCALE  # of fades, and of two sounds in each row
    for mask in ([0, 1, 1, 0, 1, 1], [0] * 6, [1] * 6):
        player.get("p.change(c => { c.own = x; })", mask)
        on = [explanation.components[i] for i in np.flatnonzero(mask)]
        np.testing.assert_allclose(
            player.rendered(), mix_of(on, track.stems, explanation.segments, off), atol=closeness
        )
    player.click("Mute Drums")  # is to switch them off
    assert player.get("p.mask()") == [1, 0, 1, 0, 1, 0]
    expected = track.stems["vocals"] + off["drums"]
    np.testing.assert_allclose(player.rendered(), expected, atol=closeness)
    logit = explanation.what_if.logits(np.array([[1, 0] * 3]))[0]
    assert player.get("p.relevance()") == pytest.approx(expit(logit), abs=1e-5)
    assert {"mean": "Noise alone", "noise": "Faint noise alone"}[baseline] in player.text("answer")
    player.get("p.match(true)")
    player.until("p.weighed")
    loudness = [np.sqrt(np.mean(y**2)) for y in (sum(track.stems.values()), expected)]
    player.until("p.boost !== 1")
    assert player.get("p.boost") == pytest.approx(min(loudness[0] / loudness[1], 1 / np.abs(expected).max()), rel=1e-3)


def test_rows_are_loud_where_they_are_on_and_silent_elsewhere(visit, explained, track):
    player = visit(explained["time+source"], track)  # on top: drums, vocals at 0 s, drums at 1 s
    for place, gains in ((0.4, [1, 1]), (1.4, [0, 1])):
        player.get("p.seek(x)", place)
        player.get("p.play()")
        player.until(f"p.position() > {place + 0.2}")
        assert player.get("p.gains()") == gains
        assert player.get("p.level()") > 0.05
        player.get("p.pause()")
    player.get("p.seek(1.4)")
    player.click("Mute Drums")
    player.get("p.play()")
    player.until("p.position() > 1.65")  # the level is that of the last eighth of a second
    assert player.get("p.gains()") == [0, 0]
    assert player.get("p.level()") == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_if_has_the_models_own_answer(visit, explained, track, model, kind, rng):
    explanation = explained[kind]
    player = visit(explanation, track)
    masks = rng.integers(0, 2, (8, len(explanation.components)))
    found = np.array([player.get("p.whatIf.logit(x)", mask.tolist()) for mask in masks])
    np.testing.assert_allclose(found, explanation.what_if.logits(masks), atol=1e-5)  # float32's rounding
    mixes = [
        mix_of([explanation.components[i] for i in np.flatnonzero(mask)], track.stems, explanation.segments)
        for mask in masks
    ]
    with torch.no_grad():
        heard = torch.cat([model(torch.from_numpy(mix)[None]) for mix in mixes])[:, 0].numpy()
    np.testing.assert_allclose(expit(found), expit(heard), atol=1e-4)
    player.choose("What if")
    for mask, logit in zip(masks, found, strict=True):
        player.get("p.change(c => { c.own = x; })", mask.tolist())
        assert player.get("p.relevance()") == pytest.approx(expit(logit), abs=1e-6)
        assert player.text("value") == f"{expit(logit):.2f}"


@pytest.mark.parametrize("kind", KINDS)
def test_what_silence_is_given_stands_beside_every_answer(visit, explained, track, model, kind):
    player = visit(explained[kind], track)
    everything_off = np.zeros((1, len(explained[kind].components)), dtype=int)
    looked_up = expit(explained[kind].what_if.logits(everything_off)[0])
    silence = player.get("p.whatIf.silence")
    assert silence == pytest.approx(looked_up, abs=1e-6)  # float32's rounding
    with torch.no_grad():
        heard = expit(model(torch.zeros(1, DURATION_S * SAMPLE_RATE)).item())
    assert silence == pytest.approx(heard, abs=1e-4)  # as for other masks
    player.choose("Full mix")
    full = explained[kind].relevance
    difference = round(full, 2) - round(silence, 2)
    assert f"{difference:.2f}" != "0.00"
    lines = [f"Full mix: {full:.2f} · difference 0.00"]
    lines.append(f"Silence: {silence:.2f} · difference {difference:+.2f}".replace("-", "−"))
    assert player.root.locator(".comparison").all_inner_texts() == lines
    meter = player.root.get_by_role("meter")
    assert meter.get_attribute("aria-valuetext") == ". ".join([f"{full:.2f}", *lines])
    box = meter.bounding_box()
    for mark, value in (("full", full), ("silence", silence)):
        tick = meter.locator(f".{mark}").bounding_box()
        assert tick["x"] + tick["width"] / 2 == pytest.approx(box["x"] + value * box["width"], abs=1)  # CSS pixels


def test_both_channels_of_stereo_sound_are_drawn(visit, explained, track):
    stereo = {name: np.stack([np.zeros_like(y), y]) for name, y in track.stems.items()}
    explanation = replace(explained["source"], stems_hash=hash_waveforms(stereo))
    player = visit(explanation, replace(track, stems=stereo))
    loudest = max(np.abs(y).max() for y in track.stems.values())
    assert player.get("p.grid.peak") == pytest.approx(loudest / 2, abs=STEP)  # of the mean of silence and sound


def test_mute_and_solo_count_as_switching_off_but_volume_does_not(visit, explained, track):
    explanation = explained["time+source"]
    player = visit(explanation, track)
    player.choose("Full mix")
    vocals = [1, 0] * N_SEGMENTS
    for act in (lambda: player.click("Mute Drums"), lambda: (player.click("Mute Drums"), player.click("Solo Vocals"))):
        act()
        assert player.get("p.mask()") == vocals
        expected = expit(explanation.what_if.logits([vocals])[0])
        assert player.get("p.relevance()") == pytest.approx(expected, abs=1e-6)
        np.testing.assert_allclose(player.rendered(), track.stems["vocals"], rtol=SCALE)
    assert player.text("caption") == "Full mix · only Vocals"
    player.root.get_by_role("slider", name="Volume of Vocals").fill("0.5")
    assert player.get("p.relevance()") == pytest.approx(expected, abs=1e-6)
    assert "Volumes do not count" in player.text("answer .note")
    np.testing.assert_allclose(player.rendered(), track.stems["vocals"] / 2, rtol=SCALE)


def test_a_cell_is_heard_alone_and_left_again(visit, explained, track):
    player = visit(explained["time+source"], track)
    player.get("p.seek(2.5)")
    player.cell(2).click()  # the vocals from 0:01 to 0:02
    assert player.get("p.mask()") == [0, 0, 1, 0, 0, 0]
    assert player.text("caption") == "Alone: the vocals from 0:01.0 to 0:02.0"
    assert 0.99 <= player.get("p.position()") < 2
    player.until("!p.playing")
    assert player.get("p.position()") == pytest.approx(2.005, abs=1e-6)  # its fade included
    player.page.keyboard.press("Escape")
    assert player.get("p.mask()") == [1, 1, 0, 1, 0, 0]
    assert player.get("p.position()") == 2.5
    player.cell(2).click()
    player.cell(2).click()
    assert player.get("[p.choice.alone, p.playing]") == [None, False]


def test_a_loop_has_no_gap(visit, explained, track):
    player = visit(explained["time+source"], track)
    player.page.evaluate(SPY)
    player.click("Loop")
    player.cell(2).click()
    player.page.wait_for_timeout(1500)
    assert player.get("p.playing")
    assert 0.995 <= player.get("p.position()") <= 2.005
    starts = np.array(player.get("window.starts")).reshape(-1, len(track.stems), 3)[:, 0]
    assert len(starts) >= 3  # the next pass is scheduled ahead
    np.testing.assert_allclose(np.diff(starts[:, 0]), starts[:-1, 2], atol=1e-9)
    assert starts[:, 1].tolist() == pytest.approx([0.995] * len(starts))


def test_keys_do_what_players_made_customary(visit, explained, track):
    player = visit(explained["time+source"], track)
    player.root.focus()
    press = player.page.keyboard.press
    press(" ")
    assert player.get("p.playing")
    press(" ")
    assert not player.get("p.playing")
    player.get("p.seek(0)")
    press("ArrowRight")
    assert player.get("p.position()") == DURATION_S  # five seconds are more than there are
    press("ArrowLeft")
    assert player.get("p.position()") == 0
    press("ArrowRight")
    press("Home")
    assert player.get("p.position()") == 0
    press("2")
    assert player.get("p.mask()") == [0, 1, 0, 1, 0, 0]
    press("Escape")
    assert player.get("p.mask()") == [1, 1, 0, 1, 0, 0]
    press("9")  # there is no such row
    assert player.get("p.mask()") == [1, 1, 0, 1, 0, 0]
    player.click("Mute Drums")
    press(" ")  # after a click it plays, and the button stays as it is
    assert player.get("[p.playing, p.mask()]") == [True, [1, 0, 0, 0, 0, 0]]
    press(" ")
    press("Escape")
    assert player.get("[p.playing, p.mask()]") == [False, [1, 1, 0, 1, 0, 0]]
    press("Tab")
    press(" ")  # who came by keyboard presses the button, here "Solo"
    assert player.get("[p.playing, p.mask()]") == [False, [0, 1, 0, 1, 0, 0]]
    press("Escape")
    cell = player.cell(0)
    cell.focus()
    press("ArrowRight")
    press("ArrowDown")
    assert player.root.locator(".cell:focus").get_attribute("aria-label") == (
        "The drums from 0:01.0 to 0:02.0, weight +0.100, rank 3"
    )
    press("Enter")
    assert player.get("p.mask()") == [0, 0, 0, 1, 0, 0]


def test_the_slider_chooses_how_many_components_are_heard(visit, explained, track):
    player = visit(explained["time+source"], track)
    slider = player.root.get_by_role("slider", name="Components in the explanation")
    assert (slider.get_attribute("max"), slider.input_value()) == ("3", "3")
    slider.fill("1")
    assert player.get("p.mask()") == [0, 1, 0, 0, 0, 0]
    assert player.text("caption") == "Explanation: the drums from 0:00.0 to 0:01.0"
    player.choose("Rest")
    assert player.get("p.mask()") == [1, 0, 1, 1, 1, 1]


def test_what_if_switches_cells_and_rows(visit, explained, track):
    player = visit(explained["time+source"], track)
    player.choose("What if")
    assert player.get("p.mask()") == [1, 1, 0, 1, 0, 0]  # begins with what was heard
    player.cell(5).click()
    assert player.get("p.mask()") == [1, 1, 0, 1, 0, 1]
    player.click("Drums")
    assert player.get("p.mask()") == [1, 0, 0, 0, 0, 0]
    player.click("Drums")
    player.choose("Full mix")
    player.choose("What if")
    assert player.get("p.mask()") == [1, 1, 0, 1, 0, 1]  # is kept
    assert player.cell(5).get_attribute("aria-pressed") == "true"


def test_all_on_is_the_full_mix_and_all_off_is_silence(visit, explained, track):
    player = visit(explained["time+source"], track)
    player.choose("What if")
    player.click("Mute Drums")
    player.click("All on")  # whatever was muted
    np.testing.assert_allclose(player.rendered(), sum(track.stems.values()), atol=SCALE)
    # from the table, and from the model: as for other masks
    assert player.get("p.relevance()") == pytest.approx(explained["time+source"].relevance, abs=1e-4)
    assert player.text("caption") == "What if: everything"
    player.click("Play")
    player.until("p.position() > 0.3")
    assert player.get("p.level()") > 0.05
    player.click("Solo Drums")
    player.root.get_by_role("button", name="All off").press("Enter")
    place = player.get("p.position()")
    player.until(f"p.position() > {place + 0.25}")  # the level is that of the last eighth of a second
    assert player.get("[p.playing, p.level(), p.gains()]") == [True, 0, [0, 0]]
    assert player.get("p.relevance() === p.whatIf.silence")
    assert player.text("caption") == "What if: silence"
    player.cell(0).click()
    assert player.get("p.mask()") == [1, 0, 0, 0, 0, 0]  # the vocals too are heard as soon as they are on


@pytest.mark.parametrize("width", [1280, 720, 390])  # at 720, a line has room for the slider and none for the buttons
def test_each_preset_shows_what_sets_it_and_nothing_jumps(visit, explained, track, width):
    player = visit(explained["time+source"], track, width=width)
    slider = player.root.get_by_role("slider", name="Components in the explanation")
    hint = player.root.get_by_text("Click cells or names to switch them")
    buttons = [player.root.get_by_role("button", name=name) for name in ("All on", "All off")]
    places = set()
    for preset in PRESETS:
        player.choose(preset)
        assert slider.is_visible() == (preset in ("Explanation", "Rest"))
        assert {part.is_visible() for part in (hint, *buttons)} == {preset == "What if"}
        places.add(player.get("root.querySelector('.now').offsetTop"))
        assert player.page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(places) == 1
    if width < 500:
        assert min(button.bounding_box()["height"] for button in buttons) >= 44  # CSS pixels, for thumbs


def test_loudness_is_matched_within_full_scale(visit, explained, track):
    player = visit(explained["time+source"], track)
    player.root.get_by_role("switch", name="Match loudness").check()
    level = {}
    for name, y in (("mix", sum(track.stems.values())), ("drums", track.stems["drums"]), ("top", player.rendered())):
        level[name] = np.sqrt(np.mean(y**2))
    peak = 1 / np.abs(player.rendered()).max()
    assert peak < level["mix"] / level["top"]  # the top components cannot be as loud as the mix
    player.until("p.boost !== 1")
    assert player.get("p.boost") == pytest.approx(peak, rel=SCALE)
    player.choose("Full mix")
    player.until("Math.abs(p.boost - 1) < 1e-6")
    player.click("Mute Vocals")
    player.until("p.boost > 1.1")
    assert player.get("p.boost") == pytest.approx(level["mix"] / level["drums"], rel=SCALE)
    player.root.get_by_role("switch", name="Match loudness").uncheck()
    assert player.get("p.boost") == 1


def test_where_nothing_speaks_for_a_track_the_player_says_so(visit, explained, track):
    player = visit(weighted(explained["time+source"], [-0.1, 0, -0.2, 0, -0.3, -0.1]), track)
    assert player.root.get_by_role("radio", name="Explanation").is_disabled()
    assert player.root.get_by_text("Nothing in this track speaks for it").is_visible()
    assert not player.root.get_by_role("slider", name="Components in the explanation").is_visible()
    assert player.get("p.mask()") == [1] * 6
    player.choose("Rest")
    assert player.get("p.mask()") == [1] * 6


@pytest.mark.parametrize(
    ("weights", "texts"),
    [
        ((0.07, -0.0123, 0.0, 0.0001), ("+0.070", "−0.012", "0", "0")),
        ((0.0067, -0.0012, 0.0, 0.0001), ("+0.0067", "−0.0012", "0", "+0.0001")),
        ((3e-7, -1e-8, 0.0, 0.0), ("+3.0e-7", "−1.0e-8", "0", "0")),
    ],
)
def test_a_cell_shows_its_weight_in_digits_that_suit_the_strongest(visit, explained, track, weights, texts):
    player = visit(weighted(explained["time+source"], [*weights, 0.0, 0.0]), track)
    assert player.get("p.grid.cells.slice(0, 4).map(cell => cell.querySelector('.weight').textContent)") == list(texts)


def test_without_the_answers_only_the_full_mix_has_one(visit, explained, track):
    player = visit(replace(explained["source"], what_if=None), track)
    player.choose("Full mix")
    assert not player.root.get_by_text("Silence").is_visible()
    assert not player.root.locator(".meter .silence").is_visible()
    assert "Silence" not in player.root.get_by_role("meter").get_attribute("aria-valuetext")
    assert player.text("value") == f"{explained['source'].relevance:.2f}"
    player.click("Mute Drums")
    assert player.text("value") == "–"
    assert "not available" in player.text("answer .note")


def test_only_one_player_sounds(visit, explained, track):
    player = visit(explained["source"], track)
    player.get("p.play()")
    player.get("window.dispatchEvent(new CustomEvent('lemons-player-started', { detail: {} }))")
    assert not player.get("p.playing")


def test_sounds_louder_than_full_scale_are_played_whole(visit, model):
    """Stems that cancel each other may be louder than any file can hold."""
    loud = np.rint(np.linspace(-1.4, 1.4, DURATION_S * SAMPLE_RATE) / STEP).astype(np.float32) * np.float32(STEP)
    stems = {"vocals": loud, "drums": np.float32(0.25) - loud}  # the first drum sample alone is 1.65
    track = Track("T1", "Loud", stems, "given")
    player = visit(explain(model, stems, kind="source"), track)
    player.choose("Full mix")
    np.testing.assert_allclose(player.rendered() * player.get("p.data.gain"), sum(stems.values()) / 2, atol=1e-6)
    assert "at 0.5 of its level" in player.text("foot")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_a_report_fits_every_screen_and_tells_the_strangers_name_letter_by_letter(visit, explained, track, width, dark):
    player = visit(explained["time+source"], track, width=width, dark=dark)
    page = player.page
    assert page.get_by_role("heading", level=1).inner_text() == f"Why {TITLE} for Zoë?"
    assert page.title() == f"Why {TITLE} for Zoë?"
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", ground))) < 64) == dark
    for text in (explained["time+source"].model_hash, "ECIR 2021", "The drums from 0:00.0 to 0:01.0", "+0.3000"):
        assert page.get_by_text(text).first.is_visible()
    saved = base64.b64decode(page.get_by_role("link", name="JSON").get_attribute("href").partition(",")[2])
    assert saved.decode() == explained["time+source"].to_json()
    if width < 500:
        sizes = [button.bounding_box() for button in player.root.locator("button:visible:not(.cell)").all()]
        assert min(min(size["width"], size["height"]) for size in sizes) >= 44  # CSS pixels, for thumbs


@pytest.fixture
def mounted(browser, explained, track):
    """A player whose sounds come from a server that fails at first, and what it told Python."""
    explanation = explained["time+source"]
    src = {name: f"https://sounds.test/{name}.flac" for name in track.stems}
    data = player_data(explanation, track.stems, src=src, title=TITLE, listener="zoë")
    sounds, state = player_sounds(explanation, track.stems), {"works": False}
    page = browser.new_page()
    headers = {"Access-Control-Allow-Origin": "*"}

    def serve(route):
        name = route.request.url.rsplit("/")[-1].removesuffix(".flac")
        route.fulfill(status=200 if state["works"] else 503, body=sounds[name], headers=headers)

    page.route("https://sounds.test/**", serve)
    state["errors"] = []
    page.on("pageerror", lambda error: state["errors"].append(str(error)))
    script = """window.kept = [];
    window.show = (data) => mount({ data, parentElement: document.body, setTriggerValue: (...all) => kept.push(all) });
    """
    page.set_content(
        f"<style>{player_css()}</style><body></body><script type='module'>{player_js()}\n{script}</script>"
    )
    page.evaluate("data => { window.end = show(data); }", json.loads(json.dumps(data)))
    yield Player(page), data, state
    page.close()
    assert state["errors"] == []


def test_sounds_that_do_not_come_can_be_asked_for_again(mounted):
    player, _, state = mounted
    assert "could not be loaded (503" in player.text("state")
    assert player.root.get_by_role("button", name="Play", exact=True).is_disabled()
    state["works"] = True
    player.click("Try again")
    player.get("p.ready")
    player.click("Play")
    assert player.get("p.playing")


def test_new_data_of_the_same_sounds_keep_playing(mounted):
    player, data, state = mounted
    state["works"] = True
    player.click("Try again")
    player.get("p.ready")
    player.click("Play")
    player.until("p.position() > 0.1")
    k = player.get("p.choice.k")
    player.page.evaluate("data => show(data)", data | {"k": 1})
    assert player.get("[p.playing, p.choice.k]") == [True, k]  # the slider is the visitor's
    whole = data | {"borders": [0, DURATION_S], "fades": [0, 0], "kind": "source"}
    whole["components"] = [{"row": row, "segment": 0, "weight": 0.1, "name": "x"} for row in range(2)]
    player.page.evaluate("data => show(data)", whole)
    assert player.get("[p.playing, p.mask().length, p.position() > 0.1]") == [True, 2, True]
    player.root.get_by_role("slider", name="Components in the explanation").fill("1")
    assert player.page.evaluate("kept") == [["k", 1]]
    player.page.evaluate("window.end()")
    assert player.root.count() == 0

"""Listeners whose models a fleet made, on the page without a browser."""

import json
import time
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

pytest.importorskip("pyarrow", reason="results are written by pyarrow")

from explanations.cli import app
from explanations.page import cached
from lemons.fleet import Results
from recsys.checkpoints import MODEL_FILE, save_checkpoint
from recsys.fleet import index
from recsys.model import FCN
from recsys.model_runs import finish_run, new_run

SCRIPT = Path(__file__).resolve().parents[3] / "explanations" / "app.py"
MADE = "explained by the fleet"


@pytest.fixture
def fleet(slim, new_music, tmp_path, monkeypatch):
    """Runs a command of the fleet on the short library with music that is new to both of its listeners."""
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "trunk.pt", FCN(), {})
    paths = {"library_path": new_music.path, "experiments_path": "experiments", "explanations_path": "explanations"}
    (tmp_path / "config.py").write_text("\n".join(f"{name} = {str(path)!r}" for name, path in paths.items()))
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "config.py"))

    def run(*arguments):
        done = CliRunner().invoke(app, ["fleet", *arguments, "--trunk", str(tmp_path / "trunk.pt")])
        assert done.exit_code == 0, done.output
        cached._open_fleet.clear()  # which is kept for a while
        return Results(tmp_path / "experiments" / "fleet")

    return run


def open_page(**view):
    page = AppTest.from_file(str(SCRIPT), default_timeout=120)
    for field, value in view.items():
        page.query_params[field] = value
    return checked(page.run())


def checked(page):
    assert not page.exception
    assert not page.error
    return page


def told(page, word):
    """What the components of the page were told that have this word among it, such as players."""
    found = [json.loads(one.proto.json) for one in page.get("bidi_component") if one.proto.json]
    return [data for data in found if isinstance(data, dict) and word in data]


def texts(page):
    return " ".join(one.value for one in [*page.markdown, *page.caption])


def test_the_list_is_read_and_what_is_not_explained_is_on_demand(fleet, monkeypatch):
    results = fleet("score")
    (key,) = results.keys("tops")
    own = results.read(key).to_pandas().query("listener == 'nina'")
    monkeypatch.setattr("recsys.relevance.score_tracks", None)  # nothing is heard for a list
    page = open_page(listener="nina")
    assert "all tracks that are new to Nina, from the list that `lemons fleet score` made" in texts(page)
    (table,) = [data["tracks"] for data in told(page, "tracks")]
    assert [row["track_id"] for row in table] == own["track_id"].tolist()[:10]
    assert not told(page, "holds")
    (button,) = [one for one in page.button if one.key == "explain-nina"]
    assert button.label == "Explain this recommendation"


def test_what_the_fleet_explained_is_there_at_once_and_every_mix_on_demand(fleet):
    results = fleet("explain", "--kind", "source", "--separator", "hpss")
    index.kept_trunk.cache_clear()
    (explained,) = [
        row
        for key in results.keys("explanations")
        for row in results.read(key).to_pylist()
        if row["listener"] == "nina"
    ]
    page = open_page(listener="nina")
    assert page.session_state["view"]["kind"] == "source"  # which is explained
    assert MADE in texts(page)
    (player,) = told(page, "holds")
    assert player["relevance"] == pytest.approx(explained["relevance"])
    assert player["answers"] is None
    assert player["others"] == []  # of those beyond the list, nobody knows
    assert "harmonic" in json.dumps(player)  # of the stems that the fleet separated
    (button,) = [one for one in page.button if one.key == "explain-nina"]
    assert button.label == "Answer for every mix"

    button.click()
    end = time.monotonic() + 60
    while (players := told(checked(page.run()), "holds"))[0]["answers"] is None:  # it is shown all the while
        assert time.monotonic() < end
    assert MADE not in texts(page)
    assert players[0]["relevance"] == player["relevance"]


def test_of_a_listener_with_a_network_of_their_own_that_one_is_asked(fleet, new_music, tmp_path):
    fleet("explain", "--kind", "time")
    run = new_run(tmp_path / "experiments", "nina")
    save_checkpoint(run / MODEL_FILE, FCN(), {})
    finish_run(run, {"user": "nina", "library": new_music.fingerprint, "best": {"score": 0.5}})
    page = open_page(listener="nina", beside="marko", kind="time")
    assert "Nina's model never saw in training" in texts(page)
    assert MADE not in texts(page)
    assert len([one for one in page.button if one.key.startswith("explain-")]) == 2


def test_an_explanation_of_another_version_can_be_made_again(fleet):
    results = fleet("explain", "--kind", "time")
    for key in results.keys("explanations"):
        table = results.read(key)
        column = table.column_names.index("explanation")
        other = [text.replace('"format": 7', '"format": 6') for text in table["explanation"].to_pylist()]
        assert other != table["explanation"].to_pylist()
        results.write(key, table.set_column(column, "explanation", [other]))
    page = open_page(listener="nina", kind="time")
    assert MADE not in texts(page)
    assert [one.label for one in page.button if one.key == "explain-nina"] == ["Explain this recommendation"]

"""Listeners, tracks and libraries of any name on the page, without a browser."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from streamlit.testing.v1 import AppTest

from explanations.page.keys import key_of
from lemons.library import open_library
from lemons.render import report
from recsys.checkpoints import MODEL_FILE, save_checkpoint
from recsys.model import FCN
from recsys.model_runs import finish_run, new_run

SCRIPT = Path(__file__).resolve().parents[3] / "explanations" / "app.py"
NAMES = [
    "dj__max",
    "nobody",
    'AC/DC "live" \'77 \\ {x}',
    "Zoë 👩\u200d🎤 日本",
    "x" * 3000,
    "__",
    "hash-3b6be200723fb8d5",
    "a\tb:c",
]


@pytest.fixture
def folder(short_library, tmp_path, monkeypatch):
    """A library of odd names, with a model for each listener."""
    listens = "".join(f'"{name.replace(chr(34), 2 * chr(34))}",T{i},1\n' for name in NAMES for i in range(10))
    (short_library.path / "listens.csv").write_text("user,track_id,playcount\n" + listens)
    tracks = pd.read_csv(short_library.path / "tracks.csv", dtype=str)
    tracks["title"] = "Song\u202e __x__\x1b"
    tracks.to_csv(short_library.path / "tracks.csv", index=False)
    library = open_library(short_library.path)
    for name in NAMES:
        torch.manual_seed(0)
        run = new_run(tmp_path / "experiments", name)
        save_checkpoint(run / MODEL_FILE, FCN(), {})
        finish_run(run, {"user": name, "library": library.fingerprint, "best": {"score": 0.5}})
    lines = {"library_path": library.path, "experiments_path": tmp_path / "experiments"}
    lines |= {"explanations_path": tmp_path / "explanations"}
    (tmp_path / "config.py").write_text("".join(f"{name} = {str(path)!r}\n" for name, path in lines.items()))
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "config.py"))
    return tmp_path


def test_a_listener_may_have_any_name(folder):
    page = AppTest.from_file(str(SCRIPT), default_timeout=60).run()
    for name in NAMES:
        page.button(key=key_of("choose", name)).click().run()
        assert not page.exception, (name, page.exception)
        assert not page.error, (name, page.error)
        assert page.session_state["view"]["listener"] == name
    page.selectbox[-1].set_value("nobody").run()  # a listener's name, too
    assert page.session_state["view"]["beside"] == "nobody"


@pytest.mark.parametrize(
    "number", ["9" * 5000, "0" * 5000, "1e400", "-1", "²", "٣", "", "nan", "1.5", " 7", "1" + "0" * 30]
)
def test_an_absurd_number_in_an_address_is_passed_over(folder, number):
    page = AppTest.from_file(str(SCRIPT), default_timeout=60)
    for field in ("k", "k_beside", "seed"):
        page.query_params[field] = number
    page.query_params.update({"listener": NAMES[0], "kind": "time+source", "method": "lime-256", "track": number})
    page.run()
    assert not page.exception
    assert page.number_input[0].value == 0


def test_other_names_have_other_keys_and_none_has_two_underscores():
    keys = [key_of("choose", name) for name in NAMES] + [key_of("choose", "a", "b"), key_of("choose", "a-b")]
    assert len(set(keys)) == len(keys)
    assert not any("__" in key for key in keys)
    assert key_of("choose", "marko") == "choose-marko"


def test_a_report_may_do_nothing_but_what_is_in_it():
    policy = dict(rule.split(" ", 1) for rule in report.page_policy("p {}", "run()").split("; "))
    assert policy.pop("default-src") == policy.pop("base-uri") == policy.pop("form-action") == "'none'"
    assert policy.pop("img-src") == "data:"
    assert set(policy) == {"style-src", "script-src"}
    assert all(rule.startswith("'sha256-") and " " not in rule for rule in policy.values())

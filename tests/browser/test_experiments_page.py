"""The page of experiments, without a browser."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from lemons.render.words import plain

EVIL = "<b>*Eve*</b> :smile: [link](https://example.com)"  # names come from strangers
DONE = {"roc_auc": 0.9, "average_precision": 0.8, "loss": 0.4, "epoch": 10}
INTERVAL = {"value": 0.9, "low": 0.7, "high": 1.0}
METRICS = {
    "train.avg_loss": {"steps": [1, 2, 3], "values": [0.7, 0.6, 0.5]},
    "val.loss": {"steps": [2], "values": [0.6]},
    "val.roc_auc": {"steps": [2], "values": [0.75]},
    "val.average_precision": {"steps": [2], "values": [0.65]},
}


def write_run(folder, number, *, user="marko", program="experiment", status="COMPLETED", age_s=0.0, **record):
    """What sacred writes; tests/recsys/records/test_read.py lets sacred itself write it."""
    seen = (datetime.now(UTC) - timedelta(seconds=age_s)).replace(tzinfo=None)
    start = datetime(2026, 1, 1) + timedelta(minutes=number)
    record = {"start_time": start.isoformat(), "heartbeat": seen.isoformat(), "status": status} | record
    record["experiment"] = {"mainfile": f"recsys/{program}.py"}
    path = folder / "sacred" / str(number)
    path.mkdir(parents=True)
    config = {"user_name": user, "n_epochs": 20, "schedule": "onecycle"}
    for name, content in (("run", record), ("config", config), ("metrics", METRICS)):
        (path / f"{name}.json").write_text(json.dumps(content))


@pytest.fixture
def draw(tmp_path):
    """Draw the page of what is recorded under ``tmp_path``."""

    def script(path):
        from pathlib import Path

        from explanations.page.experiments_page import draw_experiments
        from lemons.config import Config

        draw_experiments(Config(experiments_path=Path(path)))

    def draw():
        page = AppTest.from_function(script, args=(str(tmp_path),), default_timeout=30).run()
        assert not page.exception
        return page

    return draw


def texts(page):
    return " ".join(element.value for element in (*page.markdown, *page.subheader, *page.caption))


def metrics(page):
    return [metric.value for metric in page.metric]


def test_where_nothing_was_recorded_the_page_says_how_to_begin(draw):
    page = draw()
    assert "`python recsys/experiment.py with user_name=marko`" in page.info[0].value
    assert not page.dataframe


def test_runs_are_listed_with_the_newest_first_and_drawn(draw, tmp_path):
    write_run(tmp_path, 1, result=DONE)
    write_run(tmp_path, 2, user="nina", result=DONE | {"roc_auc": 0.7})
    page = draw()
    table = page.dataframe[0].value
    assert list(table["user"]) == ["Nina", "Marko"]
    assert list(table["roc_auc"]) == [0.7, 0.9]
    assert list(table["result"]) == ["best in epoch 10"] * 2
    assert page.subheader[0].value == "Run 2: training, Nina"
    assert metrics(page) == ["0.700", "0.800", "0.400"]
    assert len(page.get("vega_lite_chart")) == 2


def test_runs_are_chosen_by_listener_and_by_kind(draw, tmp_path):
    write_run(tmp_path, 1, result=DONE)
    write_run(tmp_path, 2, user="nina", program="eval")
    write_run(tmp_path, 3, program="eval")
    page = draw()
    page.segmented_control(key="run-kind").set_value("Evaluations").run()
    assert list(page.dataframe[0].value["number"]) == ["3", "2"]
    page.selectbox(key="run-user").set_value("nina").run()
    assert list(page.dataframe[0].value["number"]) == ["2"]
    assert page.subheader[0].value == "Run 2: evaluation, Nina"
    page.segmented_control(key="run-kind").set_value("Trainings").run()
    assert page.info[0].value == "No run is of this kind."


@pytest.mark.parametrize(
    ("age_s", "status", "said"), [(5, "running", "In epoch 4 of 20"), (3600, "died", "last sign of life")]
)
def test_a_run_that_is_going_on_and_one_that_died_are_told_apart(draw, tmp_path, age_s, status, said):
    write_run(tmp_path, 1, status="RUNNING", age_s=age_s)
    page = draw()
    assert page.dataframe[0].value["status"][0].endswith(status)
    assert said in texts(page)
    assert metrics(page) == ["0.750", "0.650", "0.600"]  # of the best validation so far


def test_an_evaluation_stands_beside_what_needs_no_listening(draw, tmp_path):
    measures = {"roc_auc": INTERVAL, "average_precision": {"value": None}}
    result = DONE | {"n_tracks": 16, "n_played": 8, "measures": {"tempo": measures, "model": measures}}
    write_run(tmp_path, 1, program="eval", result=result)
    page = draw()
    rankers = page.dataframe[1].value
    assert rankers.to_numpy().tolist() == [[name, "0.900 (0.70 to 1.00)", "–"] for name in ("the model", "tempo")]
    assert "On 16 test tracks, 8 of them played" in texts(page)
    assert not page.get("vega_lite_chart")


def test_what_strangers_wrote_is_shown_letter_by_letter(draw, tmp_path):
    write_run(tmp_path, 1, user=EVIL, status="FAILED", fail_trace=["…", EVIL])
    page = draw()
    assert texts(page).count(plain(EVIL)) == 2
    assert EVIL not in texts(page)


def test_a_damaged_record_is_named_and_the_others_are_listed(draw, tmp_path):
    write_run(tmp_path, 1, result=DONE)
    write_run(tmp_path, 2)
    (tmp_path / "sacred" / "2" / "run.json").write_text("{")
    page = draw()
    assert page.expander[0].label == "1 record was left out"
    assert list(page.dataframe[0].value["number"]) == ["1"]


def test_results_of_any_shape_do_no_harm(draw, tmp_path):
    write_run(tmp_path, 1, program="eval", result={"roc_auc": "high", "n_tracks": [], "measures": {"model": 3}})
    write_run(tmp_path, 2, program="other", result=None)
    page = draw()
    assert metrics(page) == ["–"] * 3
    page.segmented_control(key="run-kind").set_value("Evaluations").run()
    assert not page.exception
    assert metrics(page) == ["–"] * 3

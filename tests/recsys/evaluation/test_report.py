import json

import numpy as np
import pandas as pd
import pytest

from lemons.errors import DataError
from recsys.evaluation.evaluate import resampled
from recsys.evaluation.report import MEAN, format_report, make_report, write_report
from recsys.ranking import MEASURES, interval


@pytest.fixture
def scores(rng):
    """Three listeners, the second of forty letters; the model knows much, mel something, popularity nothing."""
    tables = {}
    for user, n in (("marko", 20), ("d7d2d888ae04d16e994d6964214a1de81392ee04", 40), ("nina", 30)):
        label = np.arange(n) % 2.0
        known = {"model": 3, "popularity": 0, "mel": 1}
        tables[user] = pd.DataFrame({"label": label} | {k: rng.normal(size=n) + v * label for k, v in known.items()})
    tables["nina"]["tempo"] = 0.0
    return tables


@pytest.fixture
def report(scores):
    return make_report(scores)


def rows(report, user, ranker, name="roc_auc"):
    (row,) = report.query("user == @user and ranker == @ranker and measure == @name").itertuples()
    return row


def test_over_all_is_the_mean_over_the_listeners_and_its_interval_is_narrower(report, scores):
    each = [rows(report, user, "mel") for user in scores]
    mean = rows(report, MEAN, "mel")
    assert mean.value == pytest.approx(np.mean([row.value for row in each]))
    assert mean.std == pytest.approx(np.std([row.value for row in each]))
    drawn = [resampled(table, "mel", user)["roc_auc"] for user, table in scores.items()]
    assert (mean.low, mean.high) == pytest.approx(interval(np.mean(drawn, axis=0)))
    # independent resamples of three listeners: variances add up
    widths = [row.high - row.low for row in each]
    assert mean.high - mean.low == pytest.approx(np.sqrt(np.sum(np.square(widths))) / 3, rel=0.15)
    assert (mean.n_tracks, mean.n_played) == (90, 45)


def test_a_listener_may_be_called_mean(report, scores):
    scores["mean"] = scores.pop("marko")
    renamed = make_report(scores)
    assert rows(renamed, "mean", "model").value == rows(report, "marko", "model").value
    assert rows(renamed, MEAN, "model").value == pytest.approx(rows(report, MEAN, "model").value)


def test_a_ranker_that_only_some_listeners_have_is_left_out(report):
    assert set(report["ranker"]) == {"model", "popularity", "mel", "model-popularity", "model-mel"}
    assert len(report) == 4 * 5 * len(MEASURES)


def test_differences_are_taken_on_the_same_tracks(scores):
    for table in scores.values():
        table["mel"] = 2 * table["model"]  # the same order
    report = make_report(scores)
    same, other = (rows(report, MEAN, f"model-{name}") for name in ("mel", "popularity"))
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert other.value == pytest.approx(rows(report, MEAN, "model").value - rows(report, MEAN, "popularity").value)
    assert other.low > 0


def test_the_same_scores_give_the_same_report_in_any_order_of_listeners(report, scores):
    again = make_report(dict(reversed(scores.items())))
    key = ["user", "ranker", "measure"]
    pd.testing.assert_frame_equal(*(table.set_index(key).sort_index() for table in (report, again)))


def test_the_files_hold_every_row(report, tmp_path):
    write_report(tmp_path, report)
    record = json.loads((tmp_path / "report.json").read_text())
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "report.csv"), report)
    assert len(record["rows"]) == len(report)
    assert record["rows"][0]["value"] == pytest.approx(report["value"][0])
    assert record["paper"]["roc_auc"] == {"mean": 0.758, "std": 0.113}
    assert record["paper"]["average_precision"] == {"mean": 0.734, "std": 0.130}


@pytest.mark.parametrize("markdown", [False, True])
def test_the_report_can_be_read(report, scores, markdown):
    text = format_report(report, paper=True, markdown=markdown)
    lines = text.splitlines()
    marko = next(line for line in lines if line.strip("| ").startswith("marko"))
    row = rows(report, "marko", "model")
    assert f"{row.value:.3f} {row.low:.2f}–{row.high:.2f}" in marko
    assert "0.758 ± 0.113" in text
    assert "0.734 ± 0.130" in text
    assert "3 of 3" in next(line for line in lines if line.strip("| ").startswith("popularity"))
    if markdown:
        assert {line.count("|") for line in lines if line.startswith("| ")} == {5, 6}  # 3 rankers; differences
    else:
        assert max(map(len, lines)) <= 100
        assert "d7d2d888ae04d16e… " in text
    assert "±" not in format_report(report, markdown=markdown)


def test_five_rankers_fit_in_a_hundred_columns(scores):
    for table in scores.values():
        table["loudness"] = table["tempo"] = table["mel"]
    lines = format_report(make_report(scores), paper=True).splitlines()
    assert max(map(len, lines)) <= 100


def test_nobody_to_report_on_is_told():
    with pytest.raises(DataError, match="no listener to report on; train models with `lemons train`"):
        make_report({})

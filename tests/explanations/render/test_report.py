"""The report as text: names come from strangers, and none of them becomes markup."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from explanations.core.explain import explain
from explanations.render.report import report_html
from lemons.audio import quantize
from lemons.tracks import Track
from recsys.model import FCN

WILD = "</script><img src=x onerror=alert(1)> & <!-- \u201cx\u201d"


@pytest.fixture(scope="module")
def report():
    """Of a track, a listener and a stem with names to beware of."""
    rng = np.random.default_rng(440)
    stems = {name: quantize(rng.uniform(-0.3, 0.3, 16000)) for name in ("drums", f"stem {WILD}")}
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(7)
        model = FCN().eval()
    names = {"listener": f"listener {WILD}", "track_id": WILD, "separator": WILD}
    explanation = replace(explain(model, stems, kind="source"), **names)
    return report_html(explanation, Track("T0", f"title {WILD}", stems, "given"))


def test_no_name_becomes_markup(report):
    assert "<img src=x" not in report
    assert report.count("onerror=alert(1)") > 3  # they are there, as text


def test_the_heading_shows_the_title_as_it_is(report):
    (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", report, flags=re.S)
    assert "title &lt;/script&gt;&lt;img" in heading
    assert "<" not in heading.replace("<br>", "")


def test_the_data_holds_no_tag(report):
    (data,) = re.findall(r'<script[^>]*id="data"[^>]*>(.*?)</script>', report, flags=re.S)
    assert "<" not in data
    assert "title \\u003c/script>\\u003cimg src=x" in data

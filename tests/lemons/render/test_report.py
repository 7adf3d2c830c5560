"""The report as text: names come from strangers, and none of them becomes markup."""

import base64
import hashlib
import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from lemons.audio import quantize
from lemons.explaining.explain import explain
from lemons.render.report import report_html
from lemons.tracks import Track
from recsys.model import FCN

WILD = "</script><img src=x onerror=alert(1)> & <!-- \u201cx\u201d 'y' \"z\" {{ 6 * 7 }} {% raw %} $policy **loud**"


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
    return report_html(explanation, Track("T0", f"title {WILD}\u202e", stems, "given", credit=f"credit {WILD}"))


def test_no_name_becomes_markup(report):
    assert "<img src=x" not in report
    assert report.count("onerror=alert(1)") > 3  # they are there, as text


def test_the_heading_shows_the_title_letter_by_letter(report):
    (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", report, flags=re.S)
    assert "<" not in heading
    assert html.unescape(heading) == f"Why title {WILD} for Listener {WILD}?"


def test_author_and_licence_are_among_the_facts(report):
    (credit,) = re.findall(r"<dt>Music</dt><dd>(.*?)</dd>", report, flags=re.S)
    assert "<" not in credit
    assert html.unescape(credit) == f"credit {WILD}"


def test_no_name_turns_the_text_around(report):
    assert "\u202e" not in report


def test_the_data_holds_no_tag(report):
    (data,) = re.findall(r'<script[^>]*id="data"[^>]*>(.*?)</script>', report, flags=re.S)
    assert "<" not in data
    assert json.loads(data)["title"] == f"title {WILD}"


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_policy_allows_the_very_style_and_script_that_are_in_the_report(report, tag):
    (text,) = re.findall(rf'<{tag}(?: type="module")?>(.*?)</{tag}>', report, flags=re.S)
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', report)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"{tag}-src 'sha256-{digest}'" in html.unescape(policy)

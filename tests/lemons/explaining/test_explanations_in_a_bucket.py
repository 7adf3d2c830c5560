"""Explanations in a bucket: what one machine has computed no other computes."""

import shutil

import pytest
import torch

pytest.importorskip("pyarrow", reason="buckets are asked by pyarrow")

from lemons.audio import quantize
from lemons.config import read_config
from lemons.explaining.cache import answer_path, bring_explanations, cached_answer, find_explanation
from lemons.explaining.explanation import load_explanations
from lemons.explaining.question import ask
from lemons.storage import mirror_path
from recsys.model import FCN


@pytest.fixture
def model():
    torch.manual_seed(0)
    return FCN().eval()


@pytest.fixture
def stems(rng):
    return {name: quantize(rng.uniform(-0.2, 0.2, 16000)) for name in ("vocals", "drums")}


@pytest.fixture
def question(model, stems):
    return ask(model, stems, kind="source")


def test_an_explanation_is_put_there_and_found_from_another_machine(s3, tmp_path, question, model, stems):
    (tmp_path / "config.py").write_text(f"explanations_path = {s3.url('why')!r}\n")
    folder = read_config(tmp_path / "config.py").explanations_path
    first = cached_answer(folder, question, model, stems)
    assert first.what_if is not None
    # the one that is looked for comes last
    assert s3.written() == [f"why/{question.key}.npz", f"why/{question.key}.json"]
    shutil.rmtree(folder)
    since = len(s3.server.requests())
    assert cached_answer(s3.url("why"), question, model, stems) == first
    assert s3.written(since) == []  # it was not computed again
    since = len(s3.server.requests())
    assert find_explanation(answer_path(folder, question)) == first
    assert s3.asked(since) == []


def test_a_page_shows_all_and_fetches_answers_to_mixes_when_they_are_needed(s3, question, model, stems):
    folder = mirror_path(s3.url("why"))
    first = cached_answer(folder, question, model, stems)
    shutil.rmtree(folder)
    bring_explanations(folder)
    assert [one.components for one in load_explanations(folder)] == [first.components]
    assert [file.suffix for file in folder.iterdir()] == [".json"]
    assert find_explanation(answer_path(folder, question)) == first


def test_a_damaged_one_in_the_bucket_is_computed_again_and_put_in_its_place(s3, question, model, stems):
    s3.put(f"why/{question.key}.json", b"{")
    folder = mirror_path(s3.url("why"))
    first = cached_answer(folder, question, model, stems)
    shutil.rmtree(folder)
    assert cached_answer(folder, question, model, stems) == first


def test_an_explanation_needs_no_bucket_that_answers(s3, question, model, stems, caplog):
    s3.server.ask("POST", "moto-api/reset-auth", b"0")  # from now on our keys are none
    try:
        first = cached_answer(s3.url("why"), question, model, stems)
    finally:
        s3.server.ask("POST", "moto-api/reset-auth", b"inf")
    assert "only explanations on this machine are found" in caplog.text
    assert f"cannot write s3://{s3.name}/why/" in caplog.text
    assert "the explanation is kept on this machine only" in caplog.text
    assert find_explanation(answer_path(s3.url("why"), question)) == first

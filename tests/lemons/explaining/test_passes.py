"""One pass explains a track to all who share a trunk, and gives each the explanation that they get alone."""

import dataclasses

import pytest
import torch

from explanations.core.contrast import contrast
from lemons.audio import quantize
from lemons.errors import ParameterError
from lemons.exact.propagation import Pass
from lemons.explaining import passes
from lemons.explaining.explain import explain
from recsys.model import FCN


@pytest.fixture
def stems(rng):
    return {name: quantize(rng.uniform(-0.2, 0.2, 24000)) for name in ("vocals", "drums")}


@pytest.fixture
def listeners():
    """Two who share a trunk, and one who does not."""
    torch.manual_seed(0)
    shared = FCN(2)
    return shared.of_listener(0).eval(), shared.of_listener(1).eval(), FCN().eval()


@pytest.fixture
def heard(monkeypatch):
    """The passes that were made; none is in memory at first."""
    passes.forget()
    made, run = [], Pass.run
    monkeypatch.setattr(Pass, "run", lambda self: made.append(self) or run(self))
    return made


def numbers(explanation):
    return dataclasses.replace(explanation, seconds=0.0)


def test_a_second_listener_of_the_trunk_takes_no_second_pass(listeners, stems, heard):
    marko, nina, other = listeners
    alone = {}
    for model in listeners:
        passes.forget()
        alone[model] = explain(model, stems, kind="source")
    passes.forget()
    heard.clear()
    assert numbers(explain(marko, stems, kind="source")) == numbers(alone[marko])
    assert numbers(explain(nina, stems, kind="source")) == numbers(alone[nina])
    assert len(heard) == 1
    assert numbers(explain(other, stems, kind="source")) == numbers(alone[other])
    assert len(heard) == 2
    contrast(marko, nina, stems, kind="source")
    assert len(heard) == 2


def test_a_model_that_describes_itself_wrongly_is_refused_each_time(listeners, stems, heard):
    class Louder(FCN):
        def forward(self, y):
            return super().forward(2 * y)

    wrong = Louder().eval()
    for _ in range(2):  # its pass does not stay in memory
        with pytest.raises(ParameterError, match=r"Louder answers .* as its local_model\(\) describes it"):
            explain(wrong, stems, kind="source")
    assert len(heard) == 2


def test_a_listener_of_a_pass_in_memory_hears_nothing_at_all(listeners, stems, heard, monkeypatch):
    marko, nina, _ = listeners
    explain(marko, stems, kind="source")
    monkeypatch.setattr(type(nina), "forward", None)
    explain(nina, stems, kind="source")


def test_other_sound_or_other_components_take_another_pass(listeners, stems, heard):
    marko, nina, _ = listeners
    explain(marko, stems, kind="time", segments=2)
    explain(nina, stems, kind="source")
    explain(nina, stems, kind="time", segments=1)
    explain(nina, stems | {"drums": -stems["drums"]}, kind="time", segments=2)
    assert len(heard) == 4


def test_only_the_last_passes_stay_in_memory(listeners, stems, heard):
    for n in range(passes.MAX_KEPT + 1):
        explain(listeners[0], {name: y[: 17000 + n] for name, y in stems.items()}, kind="source")
    assert len(passes._kept) == passes.MAX_KEPT
    explain(listeners[1], {name: y[:17000] for name, y in stems.items()}, kind="source")
    assert len(heard) == passes.MAX_KEPT + 2

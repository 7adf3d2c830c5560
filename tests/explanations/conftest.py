import numpy as np
import pytest

from explanations.core import passes
from explanations.core.component import Component
from explanations.core.explanation import Explanation
from explanations.core.question import EVEN_ODDS
from lemons.segments import Segments

WEIGHTS = [0.1, -0.3, 0.0, 0.5, 0.1, -0.1]


@pytest.fixture(autouse=True)
def no_pass_in_memory():
    """Each test makes the passes that it counts, or whose progress it watches."""
    passes.forget()


@pytest.fixture
def explanation():
    components = [Component(i, "ab"[i % 2], i // 2, float(i // 2), i // 2 + 1.0, w) for i, w in enumerate(WEIGHTS)]
    return Explanation(
        kind="time+source",
        method="lime",
        neighborhood="drawn",
        target="probability",
        criterion=EVEN_ODDS,
        segments=Segments((0, 16000, 32000, 48000), fade=160),
        n_masks=2048,
        seed=0,
        work=64.0,
        components=tuple(components),
        intercept=0.2,
        fidelity=0.9,
        fidelity_held_out=1 / 3,
        held_out="leave_one_out",
        relevance=0.75,
        logit=float(np.log(3)),
        facts=None,
        pair=None,
        clip_logits={"top1": 0.5, "top3": 1.0, "rest": -2.0, "silence": -3.0},
        gain=1.0,
        track_id="TRÄCK",
        listener="marko",
        separator="given",
        audio_hash="a" * 64,
        stems_hash="b" * 64,
        model_hash="c" * 64,
        versions={"lemons": "0"},
        seconds=1.5,
    )

"""What is heard is what was scored."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from lemons.audio import quantize
from lemons.errors import ParameterError
from lemons.explaining.clips import clips, common_gain, save_clips
from lemons.explaining.explain import explain
from lemons.explaining.question import KINDS

N_SAMPLES = 17003


class Energy(torch.nn.Module):
    def __init__(self, sign=1):
        super().__init__()
        self.sign = sign
        self.eval()

    def forward(self, y):
        return self.sign * 20 * y.square().mean(dim=1, keepdim=True)


class Mean(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.eval()

    def forward(self, y):
        return y.mean(dim=1, keepdim=True)


@pytest.fixture
def stems(rng):
    return {name: quantize(rng.uniform(-0.1, 0.1, N_SAMPLES)) for name in ("vocals", "piano", "drums", "bass", "other")}


@pytest.fixture
def cancelling_stems(stems):
    """Two stems that exceed full scale together; a third undoes it in the mix."""
    half = np.full(N_SAMPLES, 0.75, np.float32)
    return {"a": half, "b": half + stems["bass"], "c": -half - half + 2 * stems["drums"]}


@pytest.mark.parametrize("kind", KINDS)
def test_explanation_and_rest_are_the_mix_read_back_from_the_files(tmp_path, stems, kind):
    explanation = explain(Energy(), stems, kind=kind, segments=3, n_masks=64)
    paths = save_clips(tmp_path, explanation, stems)
    sounds = {name: soundfile.read(path, dtype="float32")[0] for name, path in paths.items()}
    assert sorted(sounds) == ["rest", "top1", "top3"]
    np.testing.assert_array_equal(sounds["top3"] + sounds["rest"], sum(stems.values()))


def test_the_tail_belongs_to_the_last_segment(stems):
    explanation = explain(Energy(), stems, kind="time", segments=3, n_masks=64)
    assert explanation.components[-1].end_s == N_SAMPLES / 16000
    last = replace(explanation, components=tuple(replace(c, weight=c.segment - 1.5) for c in explanation.components))
    sounds, _ = clips(last, stems)
    np.testing.assert_array_equal(sounds["top1"][-2:], sum(stems.values())[-2:])
    assert not sounds["top1"][: explanation.segments.spans[-1][0]].any()


def test_top1_is_the_top_component_alone_at_its_own_level(stems):
    explanation = replace(explain(Energy(), stems, kind="source", n_masks=64), track_id="T1")
    sounds, gain = clips(explanation, stems)
    np.testing.assert_array_equal(sounds["top1"], stems[explanation.top(1)[0].stem])
    np.testing.assert_array_equal(sounds["top3"], sum(stems[c.stem] for c in explanation.top(3)))
    np.testing.assert_array_equal(sounds["mix"], sum(stems.values()))
    assert gain == 1


@pytest.mark.parametrize("k", [1, 2])
def test_explanations_of_other_length(stems, k):
    explanation = replace(explain(Energy(), stems, kind="source", n_masks=64), track_id="T1")
    sounds, _ = clips(explanation, stems, k=k)
    assert sounds.keys() == {"top1", f"top{k}", "rest", "mix"}
    np.testing.assert_array_equal(sounds[f"top{k}"] + sounds["rest"], sounds["mix"])


def test_when_nothing_speaks_for_a_track_the_rest_is_all_of_it(stems):
    explanation = explain(Energy(sign=-1), stems, kind="source", n_masks=64)
    assert explanation.top(1) == ()
    sounds, _ = clips(explanation, stems)
    assert not sounds["top1"].any()
    assert not sounds["top3"].any()
    np.testing.assert_array_equal(sounds["rest"], sounds["mix"])


@pytest.mark.parametrize("loud", [False, True])
@pytest.mark.parametrize("clip", ["top1", "top3", "rest"])
def test_the_file_scored_again_gives_the_stored_score(tmp_path, stems, cancelling_stems, loud, clip):
    explained = cancelling_stems if loud else stems
    model = Mean() if loud else Energy()
    explanation = explain(model, explained, kind="source", n_masks=64)
    assert (explanation.gain < 1) == loud
    path = save_clips(tmp_path, explanation, explained)[clip]
    y = soundfile.read(path, dtype="float32")[0] / np.float32(explanation.gain)
    logit = model(torch.from_numpy(y)[None]).item()
    assert logit == pytest.approx(explanation.clip_logits[clip], abs=1e-6)  # float32 sums in batches of another size


def test_one_gain_for_all_clips_when_one_exceeds_full_scale(tmp_path, cancelling_stems):
    explanation = explain(Energy(), cancelling_stems, kind="source", n_masks=64)
    explanation = replace(
        explanation,
        components=tuple(  # the two that add up are the explanation
            replace(c, weight={"a": 2.0, "b": 1.0, "c": -1.0}[c.stem]) for c in explanation.components
        ),
    )
    sounds, gain = clips(explanation, cancelling_stems)
    assert gain == 0.5
    assert max(np.abs(y).max() for y in sounds.values()) <= 1
    mix = sum(cancelling_stems.values())
    np.testing.assert_array_equal(sounds["mix"], mix / 2)
    paths = save_clips(tmp_path, explanation, cancelling_stems)
    files = {name: soundfile.read(path, dtype="float32")[0] for name, path in paths.items()}
    assert {soundfile.info(path).subtype for path in paths.values()} == {"PCM_24"}
    np.testing.assert_array_equal((files["top3"] + files["rest"]) / np.float32(gain), mix)


@pytest.mark.parametrize(
    ("peaks", "gain"), [([0.5, -1], 1), ([1 - 2**-15], 1), ([1], 0.5), ([-1.5], 0.5), ([0.5, 4.5], 0.125), ([0], 1)]
)
def test_the_gain_is_the_largest_power_of_two_that_fits_a_16_bit_file(peaks, gain):
    assert common_gain([np.float32([peak, 0]) for peak in peaks]) == gain


def test_the_gain_is_recorded(cancelling_stems):
    explanation = explain(Mean(), cancelling_stems, kind="source", n_masks=64)
    assert {c.stem for c in explanation.top(3)} == {"a", "b"}
    assert explanation.gain == clips(explanation, cancelling_stems)[1] == 0.5


def test_stems_of_another_track_are_refused(stems, cancelling_stems):
    explanation = replace(explain(Energy(), stems, kind="source", n_masks=64), track_id="T1")
    with pytest.raises(ParameterError, match="not those of the explanation of 'T1'"):
        clips(explanation, cancelling_stems)

"""The doors of the library: whatever is brought, one true sentence comes out, and what is right works."""

import inspect
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lemons.arguments import MAX_SEED
from lemons.audio import common_gain, load, quantize, to_float, to_int16, validate_audio, write_flac
from lemons.audiolime import (
    ImageLikeFactorization,
    LimeAudioExplainer,
    SpleeterFactorization,
    SpleeterPrecomputedFactorization,
    StemFactorization,
    TimeFrequencyTorchFactorization,
    TimeOnlyFactorization,
    compute_segments,
)
from lemons.audiolime.evaluation import compute_complexity
from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import DataError, LemonsError, ParameterError
from lemons.exact import Block, LocalModel, score_table
from lemons.segments import Segments, find_segments

SR = 100  # Hz; toys need no more
N_FFT = 64
quick = settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))

JUNK = st.one_of(
    st.sampled_from([None, True, np.bool_(True), 0, -1, 1, 3, 2.0, 10**30, 10**5000, "", "5", "x", "9" * 5000, b"y"]),
    st.sampled_from([float("nan"), float("inf"), -1e300, 1e-300, 1j, Fraction(1, 3), np.float16(2), np.int64(2)]),
    st.sampled_from([[], (), {}, {"type": "manual"}, {"type": "fixed_length"}, [1, "a"], [[1], [1, 2]], object(), int]),
    st.sampled_from([np.array(3), np.array(0.5), np.zeros(0), np.ones(40), np.ones((2, 40)), np.ones((40, 2))]),
    st.sampled_from([np.ones(40, int), np.ones(40, bool), np.full(40, np.nan), np.full(40, np.inf)]),
    st.sampled_from([np.array(["a"]), np.array([{}]), np.ones(40, ">f4"), np.ones(40)[::-1], np.ones(40, complex)]),
    st.sampled_from([np.ma.array(np.ones(40), mask=np.eye(40)[0]), torch.ones(40, dtype=torch.bfloat16)]),
    st.sampled_from([torch.ones(40, requires_grad=True), Segments((0, 40)), Segments((0, 9)), {"a": np.ones(3)}]),
    st.sampled_from([lambda *_: None, lambda x: np.zeros((len(x), 0)), lambda x: ["a"] * len(x), lambda x: x[:1]]),
    st.sampled_from([np.random.RandomState(1), np.random.default_rng(1), np.random, slice(3), "all", "exhaustive"]),
    st.integers(-3, 50),
    st.floats(width=32),
    st.text(max_size=4),
)


def refused_or_done(call, *arguments, **named):
    """Call it; nothing but a LemonsError of one line may come out."""
    try:
        return call(*arguments, **named)
    except LemonsError as error:
        said = str(error)
    assert 10 < len(said) < 600
    return None


def loudness(inputs):
    return np.asarray(inputs).sum(axis=1, keepdims=True, dtype=np.float64)


class Power(torch.nn.Module):
    """The power of frames that do not overlap, through one block: as small as a model of the engine can be."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 1, (1, 3), padding=(0, 1))
        self.head = torch.nn.Linear(2, 1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.fill_(0.25)

    def local_model(self):
        def stft(y):
            return torch.fft.rfft(y.double().unfold(-1, N_FFT, N_FFT)).transpose(1, 2)

        def columns(spectrum):
            return spectrum.abs().square().sum(dim=1, keepdim=True)

        blocks = [Block(self.conv)]
        return LocalModel(N_FFT, N_FFT, 0, stft, columns, blocks, ("mean", "max"), self.head)


MODEL = Power().eval()
STEMS = np.sin(np.arange(2 * 640, dtype=np.float32).reshape(2, 640)) / 4
TABLE = score_table(MODEL, STEMS, 2)


@quick
@given(JUNK, JUNK, JUNK)
def test_junk_makes_no_segments_or_right_ones(wanted, y, fade):
    for found in (
        refused_or_done(Segments, wanted, fade),
        refused_or_done(Segments.equal, y, wanted, fade=fade),
        refused_or_done(find_segments, wanted, np.ones(40), fade=0),
        refused_or_done(find_segments, 2, y, fade=0),
    ):
        if found is not None:
            assert all(type(border) is int for border in found.borders)
            assert found.borders[0] == 0
    refused_or_done(Segments((0, 20, 40), 4).part, y, wanted)
    refused_or_done(Segments((0, 20, 40), 4).part, y, 0)
    found = refused_or_done(compute_segments, y, 10, wanted)
    if found is not None:
        assert found[1] == max(end for _, end in found[0])
    refused_or_done(compute_segments, np.ones(40), fade, None)


@quick
@given(JUNK, JUNK, JUNK)
def test_junk_makes_no_factorization_or_one_that_sounds(y, other, anything):
    found = [
        refused_or_done(TimeOnlyFactorization, y, SR, other),
        refused_or_done(TimeOnlyFactorization, np.ones(40), anything, other),
        refused_or_done(StemFactorization, y, SR, 1),
        refused_or_done(StemFactorization, {"a": y, "b": np.ones(40)}, SR, other),
        refused_or_done(StemFactorization, {anything: np.ones(3)} if isinstance(anything, str | int) else {1: y}),
    ]
    for factorization in filter(None, found):
        refused_or_done(factorization.compose_model_input, anything)
        refused_or_done(factorization.retrieve_components, anything)
        assert np.isfinite(factorization.compose_model_input([])).all()
        assert not factorization.compose_model_input([]).any()


@quick
@given(st.data())
def test_junk_is_no_spectrogram_or_one_that_is_composed(data):
    pytest.importorskip("skimage", reason="superpixels need scikit-image")
    x = np.arange(24.0).reshape(4, 6)
    for kind, right in (
        (TimeFrequencyTorchFactorization, {"input": x, "target_sr": SR, "temporal_segmentation_params": 2}),
        (ImageLikeFactorization, {"input": np.ones(40), "target_sr": SR, "torchaudio_spec": x}),
    ):
        names = sorted(set(inspect.signature(kind).parameters) - {"composition_fn"})
        wrong = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
        found = refused_or_done(kind, **right | {name: data.draw(JUNK) for name in wrong})
        if found is not None:
            assert np.isfinite(found.compose_model_input([])).all()
            refused_or_done(found.retrieve_components, data.draw(JUNK))


@quick
@given(JUNK, JUNK)
def test_junk_is_not_separated(first, second):
    refused_or_done(SpleeterFactorization, first, 1, None)
    refused_or_done(SpleeterFactorization, np.ones(SR), 1, None, SR, first, second)
    refused_or_done(SpleeterPrecomputedFactorization, "no such file", 1, None, SR, first, second)
    refused_or_done(SpleeterPrecomputedFactorization, first, 1, None, SR, "hpss", second)


@quick
@given(st.data())
def test_junk_is_no_question(data):
    explainer = LimeAudioExplainer(random_state=0)
    arguments = {"predict_fn": loudness, "num_reg_targets": 1, "num_samples": 8}
    names = ["labels", "top_labels", "num_reg_targets", "num_features", "num_samples", "batch_size", "distance_metric"]
    names += ["model_regressor", "random_seed", "fit_intercept", "progress", "predict_fn", "factorization"]
    arguments["factorization"] = StemFactorization({"a": np.ones(8), "b": np.zeros(8)}, SR, 2)
    for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3)):
        arguments[name] = data.draw(JUNK)
    found = refused_or_done(explainer.explain_instance, **arguments)
    if found is not None:
        assert all(np.isfinite(weight) for weights in found.local_exp.values() for _, weight in weights)
        for name in ("label", "num_components", "min_abs_weight", "positive_components", "return_indeces"):
            refused_or_done(found.get_sorted_components, **{"label": 0, name: data.draw(JUNK)})
        refused_or_done(compute_complexity, found, data.draw(JUNK))


@quick
@given(JUNK, JUNK)
def test_junk_makes_no_explainer_and_no_masks(first, second):
    for name in ("kernel_width", "kernel", "verbose", "feature_selection", "absolute_feature_sort", "random_state"):
        explainer = refused_or_done(LimeAudioExplainer, **{name: first})
        if explainer is not None and not callable(first):  # a foreign kernel's errors are its own
            sound = StemFactorization({"a": np.ones(8), "b": np.zeros(8)}, SR, 1)
            refused_or_done(explainer.explain_instance, sound, loudness, num_reg_targets=1, num_samples=4)
    masks = refused_or_done(draw_masks, first, second, random_state=0)
    assert masks is None or masks[0].all()
    refused_or_done(draw_masks, 3, first, random_state=second)


@quick
@given(JUNK, JUNK)
def test_junk_asks_the_engine_nothing(first, second):
    refused_or_done(score_table, first, STEMS, 2)
    refused_or_done(score_table, MODEL, first, second)
    refused_or_done(score_table, MODEL, STEMS, first)
    refused_or_done(score_table, MODEL, [np.ones(640), first], 2)
    for name in ("device", "max_memory", "progress"):
        if not callable(first):  # any function may be told the progress
            refused_or_done(score_table, MODEL, STEMS, 2, **{name: first})
    refused_or_done(TABLE.logits, first)
    refused_or_done(TABLE.best, first, target=second if isinstance(second, str) else "logit")
    for name in ("target", "alpha"):
        refused_or_done(TABLE.lime, **{name: first})
    refused_or_done(TABLE.lime_on, first, alpha=second)
    for name in ("n_masks", "seed"):
        refused_or_done(TABLE.lime_sampled, **{name: first})
    for ask in (TABLE.shapley, TABLE.interactions, TABLE.moments):
        refused_or_done(ask, target=first)


@quick
@given(JUNK, JUNK)
def test_junk_is_no_sound(tmp_path_factory, y, other):
    path = tmp_path_factory.getbasetemp() / "junk.flac"
    for call in (validate_audio, quantize, to_int16, to_float, common_gain, load):
        refused_or_done(call, y)
    refused_or_done(validate_audio, np.ones(40), sr=other)
    refused_or_done(common_gain, [y, np.ones(3)])
    refused_or_done(write_flac, path, y, sr=16000)
    for name in ("sr", "bits"):
        refused_or_done(write_flac, path, np.zeros(40), **{name: other})
    refused_or_done(load, Path("no such file"), sr=other)
    if not isinstance(y, str | Path):  # which would be a place to write to
        refused_or_done(write_flac, y, np.zeros(40))


WAVES = (
    st.integers(20, 60)
    .flatmap(lambda n: st.lists(st.lists(st.integers(-8000, 8000), min_size=n, max_size=n), min_size=1, max_size=3))
    .map(lambda rows: np.array(rows, dtype=np.float32) / 2**15)
)


@quick
@given(WAVES, st.integers(1, 20), st.integers(0, 30))
def test_segments_partition_and_their_parts_sum_to_the_track(waves, n_segments, fade):
    n_samples = waves.shape[1]
    segments = Segments.equal(np.int64(n_samples), np.int32(n_segments), fade=np.uint8(fade))
    assert np.diff(segments.borders).sum() == n_samples
    assert len(segments) == n_segments
    total = np.zeros_like(waves)
    for s, (start, stop) in enumerate(segments.spans):
        total[:, start:stop] += segments.part(waves, s)
    np.testing.assert_array_equal(total, waves)
    stems = {f"stem {i}": y for i, y in enumerate(waves)}
    factorization = StemFactorization(stems, SR, segments)
    np.testing.assert_array_equal(factorization.compose_model_input(), sum(stems.values()))


@quick
@given(st.lists(st.booleans(), min_size=2, max_size=4), st.sampled_from(["logit", "probability"]))
def test_silent_components_weigh_nothing_and_shapley_values_share_out_the_answer(sounding, target):
    stems = np.where(np.array(sounding)[:, None], np.resize(STEMS, (len(sounding), 640)), 0).astype(np.float32)
    table = score_table(MODEL, stems, 2)
    silent = np.tile(~np.array(sounding), 2)
    assert not table.lime(target=target).weights[silent].any()
    values = table.shapley(target=target)
    assert not values[silent].any()
    answers = table._answers(np.array([np.ones(len(silent)), np.zeros(len(silent))]), target)
    # float32 logits of size 1
    assert values.sum() == pytest.approx(answers[0] - answers[1], abs=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, ">f4", np.longdouble, torch.bfloat16, torch.float64])
def test_half_precision_tensors_and_foreign_byte_orders_are_heard_as_they_are(dtype):
    y = np.arange(40) % 8 / 8 - 0.5  # exact in all of them
    same = torch.as_tensor(y).to(dtype) if isinstance(dtype, torch.dtype) else y.astype(dtype)
    assert (
        TimeOnlyFactorization(same, SR, 4).compose_model_input([1]).tolist()
        == [0.0] * 10 + y[10:20].tolist() + [0.0] * 20
    )
    made = StemFactorization({"a": same, "b": same}, SR, 1).compose_model_input()
    assert (made.dtype, made.tolist()) == (np.float32, (2 * y).tolist())
    stems = torch.stack([same] * 2) if isinstance(same, torch.Tensor) else np.stack([same] * 2)
    wide = torch.cat([stems] * 4, 1) if isinstance(same, torch.Tensor) else np.tile(stems, 4)
    expected = score_table(MODEL, np.tile(np.stack([y, y]), 4).astype(np.float32), 2).logits(np.eye(4))
    np.testing.assert_allclose(score_table(MODEL, wide, 2).logits(np.eye(4)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: TimeOnlyFactorization(np.ones((2, 40)), SR, 2), r"\(2, 40\); average the channels"),
        (lambda: TimeOnlyFactorization(np.ones(40, np.int16), SR, 2), "divide int16 samples by 32768"),
        (lambda: score_table(MODEL, STEMS.T, 2), "give their transpose"),
        (lambda: score_table(MODEL, np.ones((2, 2, 640), np.float32), 2), "average the channels"),
        (lambda: score_table(Power().eval().half(), STEMS, 2), r"torch\.float16.*call float\(\)"),
        (lambda: score_table(Power().eval().bfloat16(), STEMS, 2), r"torch\.bfloat16.*call float\(\)"),
        (lambda: score_table(Power, STEMS, 2), r"must be a torch\.nn\.Module"),
        (lambda: score_table(MODEL, STEMS, 600), "n_segments=600 must be at most 10"),
        (lambda: score_table(MODEL, STEMS, 2, device="gpu"), "device='gpu' cannot be used"),
        (lambda: Segments.equal(40, True), "segments=True must be a whole number between 1 and 40"),
        (lambda: Segments.equal(40, 2.0), r"segments=2\.0 must be a whole number"),
        (lambda: draw_masks(3, 1, random_state=0), "num_samples=1 must be at least 2"),
        (lambda: draw_masks(3, 10**12, random_state=0), "num_samples=1000000000000 must be at most"),
        (lambda: LimeAudioExplainer(random_state=np.random.default_rng()), "or a numpy.random.RandomState"),
        (lambda: LimeAudioExplainer(random_state=MAX_SEED + 1), "random_state=4294967296 must be between"),
        (lambda: to_int16([1.0]), "call quantize first"),
        (lambda: quantize([np.nan]), "NaN"),
        (lambda: TABLE.logits(np.full((1, 4), 0.5)), "other values than 0 and 1"),
        (lambda: TABLE.logits([1, 0, 1, 0]), r"must have shape \(n_masks, 4\)"),
        (lambda: TABLE.lime(alpha=-1), "alpha=-1 must be a finite number of at least 0"),
    ],
)
def test_the_sentence_says_what_is_wrong_and_what_to_do(call, sentence):
    with pytest.raises((ParameterError, DataError), match=sentence):
        call()


def test_a_model_may_answer_with_tensors_of_any_precision():
    sound = StemFactorization({"a": np.ones(8), "b": np.full(8, 0.5)}, SR, 1)

    def explain(predict_fn):
        found = LimeAudioExplainer().explain_instance(sound, predict_fn, num_reg_targets=np.int64(1), num_samples=64)
        return dict(found.local_exp[0])

    expected = explain(loudness)
    for dtype in (torch.float64, torch.bfloat16):  # sums of at most 12: exact in both
        assert explain(lambda x, dtype=dtype: torch.as_tensor(loudness(x)).to(dtype).requires_grad_()) == pytest.approx(
            expected
        )


def test_answers_that_change_their_shape_are_refused():
    sound = StemFactorization({"a": np.ones(8), "b": np.full(8, 0.5)}, SR, 1)
    widths = iter([1, 2, 1, 2])
    with pytest.raises(ParameterError, match="answered 1 labels, and later 2"):
        LimeAudioExplainer().explain_instance(
            sound, lambda x: np.zeros((len(x), next(widths))), num_reg_targets=1, num_samples=64, batch_size=1
        )

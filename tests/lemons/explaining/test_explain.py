"""Explanations of toy models whose reasons are known."""

import numpy as np
import pytest
import torch

from lemons.audio import SAMPLE_RATE, quantize
from lemons.audiolime import LimeAudioExplainer
from lemons.errors import DataError, ParameterError
from lemons.explaining.cache import answer_path, cached_answer
from lemons.explaining.components import factorize
from lemons.explaining.explain import explain
from lemons.explaining.question import KINDS, ask
from lemons.segments import FADE

N_SAMPLES = 20003  # 1.25 s; divides neither by 3 nor by 5
FREQUENCIES = {"vocals": 400, "piano": 900, "drums": 2000, "bass": 100, "other": 3100}  # Hz


class Hears(torch.nn.Module):
    """Counts what it is asked, answers what it is told to."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer
        self.heard = []
        self.eval()

    def forward(self, y):
        self.heard.extend(bytes(row.numpy()) for row in y)
        return self.answer(y)[:, None].float()


def energy(y):
    return y.square().mean(dim=1) * 100


def energy_at(frequency):
    tone = torch.exp(2j * torch.pi * frequency / SAMPLE_RATE * torch.arange(N_SAMPLES, dtype=torch.float64))
    return lambda y: 100 * (y.double() @ torch.stack([tone.real, tone.imag], dim=1)).square().sum(1) / N_SAMPLES**2


def energy_between(start, end):
    return lambda y: y[:, start:end].square().mean(dim=1) * 100


@pytest.fixture(scope="module")
def stems():
    """Tones that fade, so that every component of every kind sounds different."""
    fade = np.linspace(0.5, 0.1, N_SAMPLES)
    t = np.arange(N_SAMPLES) / SAMPLE_RATE
    return {
        name: quantize(0.3 * fade * np.sin(2 * np.pi * frequency * t) + 2.0 ** -(10 + i))
        for i, (name, frequency) in enumerate(FREQUENCIES.items())
    }


@pytest.fixture
def levels():
    """Constant stems: a model of the mean is linear in the mask."""
    return {name: np.full(N_SAMPLES, 2.0**-i, np.float32) for i, name in enumerate(("a", "b", "c"), start=2)}


def weights(explanation):
    return {(c.stem, c.segment): c.weight for c in explanation.components}


@pytest.mark.parametrize("kind", ["source", "time+source"])
def test_a_model_that_hears_only_vocals_gets_vocals_explained(stems, kind):
    model = Hears(energy_at(FREQUENCIES["vocals"]))
    explanation = explain(model, stems, kind=kind, segments=3, target="logit")
    n_vocals = 1 if kind == "source" else 3
    assert {c.stem for c in explanation.top(n_vocals)} == {"vocals"}
    loudest_other = max(abs(c.weight) for c in explanation.components if c.stem != "vocals")
    assert loudest_other < 0.1 * explanation.top(1)[0].weight  # tones leak into each other a little


@pytest.mark.parametrize("kind", ["time", "time+source"])
def test_a_model_that_hears_only_the_third_segment_gets_that_explained(stems, kind):
    start, end = 2 * (N_SAMPLES // 5), 3 * (N_SAMPLES // 5)
    explanation = explain(Hears(energy_between(start, end)), stems, kind=kind, target="logit")
    assert {c.segment for c in explanation.top(1)} == {2}
    assert explanation.top(1)[0].start_s * SAMPLE_RATE == start
    assert explanation.top(1)[0].end_s * SAMPLE_RATE == end
    elsewhere = max(abs(c.weight) for c in explanation.components if c.segment != 2)
    assert elsewhere < 0.15 * explanation.top(1)[0].weight  # the sampling error of 25 weights from 2048 masks


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_a_silent_stem_explains_nothing(stems, batch_size):
    model = Hears(energy)
    silence = {"silent": np.zeros(N_SAMPLES, np.float32)}
    explanation = explain(model, silence | stems, kind="source", batch_size=batch_size)
    expected = explain(Hears(energy), stems, kind="source")
    assert weights(explanation) == pytest.approx(weights(expected) | {("silent", 0): 0.0}, abs=1e-6)
    assert weights(explanation)["silent", 0] == 0
    assert explanation.clip_logits == pytest.approx(expected.clip_logits, abs=1e-6)
    assert len(model.heard) == len(set(model.heard)) == explanation.work == 32


def test_a_silent_component_is_never_among_the_top(stems):
    """A stem that comes in late: its first segment would get a weight by chance."""
    entry = N_SAMPLES // 2 + FADE  # the first segment fades into the second
    late = stems | {"vocals": np.where(np.arange(N_SAMPLES) < entry, np.float32(0), stems["vocals"])}
    explanation = explain(Hears(lambda y: -energy(y)), late, kind="time+source", segments=2)
    assert weights(explanation)["vocals", 0] == 0
    assert explanation.top(3) == ()
    assert len(explanation.against(10)) == 9


@pytest.mark.parametrize("kind", ["source", "time+source"])
def test_a_linear_model_has_known_weights(levels, kind):
    explanation = explain(Hears(lambda y: 8 * y.mean(dim=1)), levels, kind=kind, segments=2, target="logit")
    n_segments = len(explanation.segments)
    for (stem, _), weight in weights(explanation).items():
        # a component is worth its level × 8 × its share of the time; ridge takes about a percent off
        assert weight == pytest.approx(8 * levels[stem][0] / n_segments, rel=0.02)
    assert explanation.fidelity > 0.9999
    assert explanation.fidelity_held_out > 0.999


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_those_of_audiolime_for_label_1(stems, kind):
    model = Hears(energy)
    explanation = explain(model, stems, kind=kind, segments=2, n_masks=200, seed=3, target="probability")

    def predict(inputs):
        p = torch.sigmoid(model(torch.from_numpy(inputs)).double()).numpy()
        return np.hstack([1 - p, p])

    found = LimeAudioExplainer(random_state=3).explain_instance(
        factorize(stems, kind=kind, segments=explanation.segments), predict, labels=[1], num_samples=200
    )
    expected = dict(found.local_exp[1])
    assert {c.index: c.weight for c in explanation.components} == pytest.approx(expected, abs=1e-9)
    assert explanation.intercept == pytest.approx(found.intercept[1], abs=1e-9)
    assert explanation.fidelity == pytest.approx(found.score[1], abs=1e-9)


@pytest.mark.parametrize("target", ["probability", "logit"])
def test_recommended_is_explained_even_when_the_model_says_no(stems, target):
    explanation = explain(Hears(lambda y: energy(y) - 6), stems, kind="source", target=target)
    assert explanation.relevance < 0.1
    assert explanation.top(1)[0].weight > 0
    assert explanation.clip_logits["rest"] < explanation.logit
    assert explanation.relevance == pytest.approx(1 / (1 + np.exp(-explanation.logit)))


@pytest.mark.parametrize(("kind", "work"), [("time", 32), ("source", 32), ("time+source", 64)])
def test_no_mask_is_scored_twice(stems, kind, work):
    model = Hears(energy)
    few = dict(list(stems.items())[:3]) if kind == "time+source" else stems
    explanation = explain(model, few, kind=kind, segments=2 if kind == "time+source" else 5)
    assert len(model.heard) == len(set(model.heard)) == explanation.work == work
    assert explanation.held_out == "leave_one_out"


def test_held_out_masks_were_not_fitted(stems):
    model = Hears(energy)
    explanation = explain(model, stems, kind="time+source", segments=2, n_masks=50)
    assert explanation.held_out == "fresh_masks"
    assert len(model.heard) == len(set(model.heard)) == explanation.work
    assert 50 + 128 - 2 <= explanation.work <= 50 + 128 + 3  # of 1024, drawn twice at most twice; and three clips
    assert explanation.fidelity_held_out < explanation.fidelity


def test_cross_prediction_finds_what_fidelity_flatters(stems):
    """The answer is the parity of the mask: no linear model predicts a mask that it has not seen."""

    def parity(y):
        n = N_SAMPLES // 3
        on = torch.stack([(y[:, i * n : (i + 1) * n] != 0).any(dim=1) for i in range(3)])
        return 4.0 * (on.sum(0) % 2) - 2

    explanation = explain(Hears(parity), stems, kind="time", segments=3)
    assert explanation.fidelity_held_out < explanation.fidelity < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_the_clips_have_the_logits_of_their_masks(stems, kind):
    model = Hears(energy)
    explanation = explain(model, stems, kind=kind, segments=4, n_masks=100)
    factorization = factorize(stems, kind=kind, segments=explanation.segments)
    top3 = [c.index for c in explanation.top(3)]
    rest = sorted({c.index for c in explanation.components} - set(top3))
    for name, components in {"top1": top3[:1], "top3": top3, "rest": rest}.items():
        heard = torch.from_numpy(factorization.compose_model_input(components))[None]
        assert explanation.clip_logits[name] == pytest.approx(model(heard).item(), abs=1e-6)


def test_same_inputs_same_bytes_and_the_worlds_chance_is_left_alone(stems):
    states = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    first = explain(Hears(energy), stems, kind="time+source", segments=2, n_masks=64)
    np.testing.assert_array_equal(np.random.get_state()[1], states[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), states[1])
    np.random.default_rng().uniform()
    second = explain(Hears(energy), stems, kind="time+source", segments=2, n_masks=64)
    assert first.to_json() == second.to_json()
    other_seed = explain(Hears(energy), stems, kind="time+source", segments=2, n_masks=64, seed=1)
    assert other_seed.components != first.components


@pytest.mark.parametrize("kind", KINDS)
def test_float64_stems_are_explained_like_float32(stems, kind):
    question = {"kind": kind, "segments": 2, "n_masks": 16}
    doubled = {name: y.astype(float) for name, y in stems.items()}
    model = torch.nn.Linear(N_SAMPLES, 1).eval()
    assert explain(model, doubled, **question) == explain(model, stems, **question)


def test_progress_ends_complete_and_may_cancel(stems):
    steps = []
    explain(Hears(energy), stems, kind="source", batch_size=10, progress=lambda *step: steps.append(step))
    assert steps == [(10, 32), (20, 32), (30, 32), (32, 32)]

    def cancel(done, total):
        raise KeyboardInterrupt

    model = Hears(energy)
    with pytest.raises(KeyboardInterrupt):
        explain(model, stems, kind="source", progress=cancel)
    assert len(model.heard) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "genre"}, "kind='genre'.*time, source"),
        ({"target": "odds"}, "target='odds'"),
        ({"kind": "time", "segments": N_SAMPLES + 1}, f"segments={N_SAMPLES + 1}"),
        ({"kind": "time", "segments": 0}, "segments=0"),
        ({"n_masks": 1}, "n_masks=1"),
        ({"seed": -1}, "seed=-1"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_questions_out_of_range(stems, arguments, message):
    with pytest.raises(ParameterError, match=message):
        explain(Hears(energy), stems, **{"kind": "source", **arguments})


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda y: y[:-1], ParameterError, "equal length"),
        (lambda y: np.where(np.arange(len(y)) == 5, np.float32(np.nan), y), DataError, "'vocals'.*NaN"),
        (lambda y: y + np.float32(1e-5), ParameterError, "'vocals'.*16-bit grid"),
    ],
)
def test_stems_that_cannot_be_explained(stems, change, error, message):
    with pytest.raises(error, match=message):
        explain(Hears(energy), stems | {"vocals": change(stems["vocals"])}, kind="source")


def test_mixes_that_cannot_be_explained(stems):
    with pytest.raises(DataError, match="silent"):
        explain(Hears(energy), {"a": np.zeros(N_SAMPLES, np.float32)}, kind="time")
    with pytest.raises(DataError, match="at least 1 s"):
        explain(Hears(energy), {name: y[:9999] for name, y in stems.items()}, kind="time")
    with pytest.raises(ParameterError, match="'mix'"):
        explain(Hears(energy), {"mix": stems["vocals"]}, kind="source")


def test_models_that_cannot_be_explained(stems):
    with pytest.raises(ParameterError, match="training mode"):
        explain(Hears(energy).train(), stems, kind="source")
    with pytest.raises(ParameterError, match=r"\(5, 2\)"):
        explain(torch.nn.Sequential(Hears(energy), torch.nn.Linear(1, 2)).eval(), stems, kind="source")
    with pytest.raises(DataError, match="NaN"):
        explain(Hears(lambda y: y.sum(dim=1) * np.nan), stems, kind="source")


def test_a_question_is_not_computed_twice(tmp_path, stems):
    question = ask(Hears(energy), stems, kind="source", n_masks=64)
    first = cached_answer(tmp_path, question, Hears(energy), stems, listener="marko")
    model = Hears(energy)
    second = cached_answer(tmp_path, question, model, stems, listener="nina")
    assert not model.heard
    assert second.listener == "nina"
    assert second.components == first.components


def test_a_damaged_answer_is_computed_again(tmp_path, stems):
    question = ask(Hears(energy), stems, kind="source", n_masks=64)
    first = cached_answer(tmp_path, question, Hears(energy), stems)
    path = answer_path(tmp_path, question)
    path.write_text(path.read_text()[:100])
    assert cached_answer(tmp_path, question, Hears(energy), stems) == first
    assert path.read_text() == first.to_json()


@pytest.mark.parametrize(
    "other",
    [{"kind": "time"}, {"n_masks": 65}, {"seed": 1}, {"target": "probability"}, {"kind": "time", "segments": 4}],
)
def test_another_question_has_another_key(stems, other):
    asked = {"kind": "source", "n_masks": 64}
    assert len({ask(Hears(energy), stems, **arguments).key for arguments in (asked, asked | other)}) == 2


def test_other_models_and_stems_are_other_questions(stems):
    models = [torch.nn.Linear(N_SAMPLES, 1).eval() for _ in range(2)]
    swapped = dict(zip(stems, reversed(stems.values()), strict=True))  # the same mix
    asked = [(models[0], stems), (models[1], stems), (models[0], swapped)]
    assert len({ask(*about, kind="source").key for about in asked}) == 3


@pytest.mark.parametrize("change", [torch.from_numpy, np.float16])
def test_stems_of_another_kind_than_what_is_hashed_and_played_are_refused(stems, change):
    with pytest.raises(ParameterError, match="must be a NumPy array of float32 or float64"):
        explain(Hears(energy), {name: change(y) for name, y in stems.items()}, kind="source")


def test_numbers_of_numpy_are_numbers(stems):
    question = {"kind": "source", "method": "lime"}
    plain = explain(Hears(energy), stems, **question, segments=2, n_masks=16, seed=3)
    same = explain(Hears(energy), stems, **question, segments=np.int64(2), n_masks=np.int32(16), seed=np.uint8(3))
    assert plain.to_json() == same.to_json()
    with pytest.raises(ParameterError, match="n_masks=True must be a whole number"):
        explain(Hears(energy), stems, **question, n_masks=True)


def test_an_explanation_that_cannot_be_kept_is_returned_all_the_same(tmp_path, stems, caplog):
    (tmp_path / "no folder").write_text("a file in its place")
    question = ask(Hears(energy), stems, kind="source", method="lime", n_masks=8)
    explanation = cached_answer(tmp_path / "no folder", question, Hears(energy), stems)
    assert explanation.n_masks == 8
    assert "the explanation is not kept" in caplog.text

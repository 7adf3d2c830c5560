"""One way in: any model, any sound; what the models hear is known, so that what explains them is, too."""

import logging
import subprocess
import sys
from types import SimpleNamespace

import librosa
import numpy as np
import pytest
import torch
from scipy.fft import dct
from scipy.signal import stft
from scipy.special import logit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lemons
from lemons.audio import quantize
from lemons.audiolime import LimeAudioExplainer, StemFactorization
from lemons.errors import DataError, ParameterError
from lemons.exact.propagation import Pass
from lemons.explaining.explain import explain as explain_exactly
from lemons.explaining.explanation import load_explanation
from recsys.model import FCN

SR = 8000  # Hz


def tone(frequency, *, level=0.2, sr=SR, seconds=1.0):
    t = np.arange(round(seconds * sr)) / sr
    return quantize(level * np.sin(2 * np.pi * frequency * t)).astype(np.float32)


@pytest.fixture
def stems(rng):
    """A low tone, a high one, and noise."""
    return {"low": tone(300), "high": tone(3000), "noise": quantize(rng.uniform(-0.05, 0.05, SR)).astype(np.float32)}


def band_energy(y, low, high):
    """Of each waveform, within a band in Hz; torch or numpy."""
    library = torch if isinstance(y, torch.Tensor) else np
    power = abs(library.fft.rfft(y)) ** 2
    frequencies = np.linspace(0, SR / 2, power.shape[-1])
    return power[..., (low <= frequencies) & (frequencies < high)].mean(-1)


class Counting:
    """A function that remembers each mix it heard, and how many it got at once."""

    def __init__(self, model=lambda y: y.std(axis=-1)):
        self.model, self.heard, self.batches = model, [], []

    def __call__(self, y):
        self.batches.append(len(y))
        self.heard += [one.tobytes() for one in y]
        return self.model(y)


class Tagger(torch.nn.Module):
    """Says "low" of what sounds below 1 kHz, and "high" of what sounds above it."""

    labels = ("low", "high")

    def forward(self, y):
        bands = [band_energy(y, 0, 1000), band_energy(y, 1000, SR / 2)]
        return torch.log(torch.stack(bands, dim=1) + 1e-3) - 2


MEL = librosa.filters.mel(sr=SR, n_fft=512, n_mels=20)


def mfccs(y):
    """The mean over time of 8 cepstral coefficients (batch, 8)."""
    power = np.abs(stft(y, nperseg=512)[2]) ** 2  # (batch, n_bins, n_frames)
    return dct(np.log(MEL @ power + 1e-8), axis=1, norm="ortho")[:, :8].mean(axis=2)


def test_a_scikit_learn_classifier_on_mfccs_says_tone_because_of_the_tone(rng):
    noises = np.outer(rng.uniform(0.01, 0.1, 40), rng.uniform(-1, 1, SR))
    tones = noises[:20] + np.stack([tone(f, level=0.3) for f in rng.uniform(400, 1200, 20)])
    heard, said = mfccs(np.r_[tones, noises[20:]]), 20 * ["tone"] + 20 * ["noise"]
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(heard, said)
    stems = {"bells": tone(700, level=0.3), "wind": quantize(0.05 * rng.uniform(-1, 1, SR)).astype(np.float32)}
    why = lemons.explain(
        lambda y: classifier.predict_proba(mfccs(y)),
        stems,
        sr=SR,
        kind="source",
        labels=classifier.classes_,
        label="tone",
        output="probability",
    )
    assert [one.stem for one in why.explanation.top(1)] == ["bells"]
    assert why.explanation.relevance == classifier.predict_proba(mfccs(sum(stems.values())[None]))[0, 1]
    assert why.explanation.target == "probability"


def test_a_torch_tagger_is_explained_for_several_labels_from_one_neighborhood(stems):
    tagger = Tagger().eval()
    options = {"sr": SR, "kind": "source", "output": "logit"}
    found = lemons.explain(tagger, stems, label=["high", "low"], **options)
    assert list(found) == ["high", "low"]
    for label, why in found.items():
        assert [one.stem for one in why.explanation.top(1)] == [label]
        assert why.explanation.work == 2 ** len(stems)  # of both labels together
        alone = lemons.explain(tagger, stems, label=label, **options)
        assert alone.explanation == why.explanation


def test_the_weights_of_a_regression_that_adds_up_are_its_coefficients(stems):
    template = tone(300, level=1.0)
    why = lemons.explain(lambda y: 3 + y @ template, stems, sr=SR, kind="source", label="loudness")
    for component in why.explanation.components:  # float32 sums of 8000 products: some 1e-4 of 800
        assert component.weight == pytest.approx(stems[component.stem] @ template, abs=0.01)
    assert why.explanation.intercept == pytest.approx(3, abs=0.01)
    assert why.explanation.fidelity == pytest.approx(1)
    assert (why.explanation.relevance, why.explanation.facts) == (None, None)


def test_facts_of_a_score_need_a_threshold_and_are_about_it(stems):
    def model(y):
        return band_energy(y, 2000, SR / 2) / band_energy(sum(stems.values()), 2000, SR / 2)

    why = lemons.explain(model, stems, sr=SR, kind="source", threshold=0.5)
    high = list(stems).index("high")
    assert why.explanation.facts.sufficient.smallest == ((high,),)
    assert "would have a score of at least 0.5" in why._repr_html_()


def test_a_hugging_face_style_classifier_is_named_by_its_configuration(stems):
    """It has the calling convention alone: ``model(input_values).logits`` and ``config.id2label``."""

    class Classifier(torch.nn.Module):
        config = SimpleNamespace(id2label={0: "bass", 1: "bells", 2: "hiss"})

        def forward(self, input_values):
            bands = [band_energy(input_values, *edges) for edges in ((0, 1000), (2900, 3100), (3500, 4000))]
            return SimpleNamespace(logits=torch.log(torch.stack(bands, dim=1) + 1e-2))

    model = Classifier().eval()
    why = lemons.explain(model, stems, sr=SR, kind="source", label="bells", output="softmax")
    logits = model(torch.from_numpy(sum(stems.values()))[None]).logits.numpy()
    assert why.explanation.relevance == pytest.approx(softmax(logits.astype(float))[0, 1])
    assert [one.stem for one in why.explanation.top(1)] == ["high"]


def test_a_classifier_of_transformers_is_explained_by_its_logits(stems):
    """A tiny one with random weights: nothing is fetched."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    convolutions = {"conv_dim": (8, 8), "conv_stride": (5, 4), "conv_kernel": (10, 8), "num_feat_extract_layers": 2}
    positions = {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 8}
    config = transformers.Wav2Vec2Config(
        **sizes, **convolutions, **positions, id2label={0: "rock", 1: "jazz", 2: "folk"}
    )
    model = transformers.Wav2Vec2ForSequenceClassification(config).eval()
    why = lemons.explain(model, stems, sr=SR, kind="source", output="softmax", label="jazz").explanation
    with torch.no_grad():
        expected = model(torch.from_numpy(sum(stems.values()))[None]).logits.softmax(-1)[0, 1]
    assert why.label == "jazz"
    assert why.relevance == pytest.approx(float(expected), abs=1e-5)  # float32


def test_both_channels_of_stereo_sound_are_mixed_scored_and_heard(rng):
    left, right = tone(300), tone(400)
    stems = {"left": np.stack([left, 0 * left]), "right": np.stack([0 * right, right])}
    why = lemons.explain(lambda y: y[:, 1].std(axis=-1), stems, sr=SR, kind="source")
    assert [one.stem for one in why.explanation.top(3)] == ["right"]
    np.testing.assert_array_equal(why.play("top1").y, stems["right"])
    np.testing.assert_array_equal(why.play("top3").y + why.play("rest").y, stems["left"] + stems["right"])


@pytest.mark.parametrize(
    ("sound", "n_channels", "shape"), [(1, None, (SR,)), (2, None, (2, SR)), (2, 1, (SR,)), (1, 2, (2, SR))]
)
@pytest.mark.parametrize("model_sr", [None, 4000, 11025])
def test_a_model_hears_its_own_rate_and_channels(sound, n_channels, shape, model_sr):
    shapes = set()
    y = np.stack(sound * [tone(300)]) if sound > 1 else tone(300)

    def model(inputs):
        shapes.add(inputs.shape[1:])
        return inputs.std(axis=-1).reshape(len(inputs), -1)[:, 0]

    lemons.explain(model, y, sr=SR, segments=2, model_sr=model_sr, n_channels=n_channels)
    assert shapes == {(*shape[:-1], model_sr or SR)}  # a second


def test_a_file_is_heard_at_its_own_rate(tmp_path):
    path = tmp_path / "two_tones.flac"
    y = np.concatenate([tone(300, sr=22050), 0 * tone(300, sr=22050)])
    lemons.write_flac(path, y, sr=22050)
    why = lemons.explain(Counting(), path, segments=2)
    assert why.explanation.sr == 22050
    assert why.explanation.components[0].end_s == pytest.approx(1)
    np.testing.assert_array_equal(why.play("mix").y, y)


def test_no_mix_is_heard_twice_and_all_are_when_as_many_are_asked_for(stems):
    few, many = Counting(), Counting()
    drawn = lemons.explain(few, stems, sr=SR, segments=3, num_samples=60).explanation
    complete = lemons.explain(many, stems, sr=SR, segments=3, num_samples=2**9).explanation
    for model, explanation in ((few, drawn), (many, complete)):
        assert len(set(model.heard)) == len(model.heard) == explanation.work
    assert (drawn.neighborhood, complete.neighborhood, complete.n_masks) == ("drawn", "all", 2**9)
    assert len(many.heard) == 2**9
    assert drawn.what_if is None
    assert complete.what_if.logits(np.ones((1, 9), int)) == pytest.approx(sum(stems.values()).std(), rel=1e-6)


def test_intervals_of_drawn_masks_hold_the_weights_of_all(stems):
    options = {"sr": SR, "segments": 3, "seed": 3}
    truth = lemons.explain(lambda y: y.std(axis=-1), stems, num_samples=2**9, **options).explanation
    drawn = lemons.explain(lambda y: y.std(axis=-1), stems, num_samples=128, **options).explanation
    assert (drawn.sampler, drawn.n_masks, drawn.held_out) == ("distinct", 128, "fresh_masks")
    errors = [abs(one.weight - other.weight) for one, other in zip(drawn.components, truth.components, strict=True)]
    margins = [one.margin for one in drawn.components]
    # of nine intervals of 95 % all hold but for chance; and they say something
    assert sum(error <= margin for error, margin in zip(errors, margins, strict=True)) >= 8
    assert max(margins) < max(one.weight for one in truth.components) / 4
    assert drawn.fidelity_held_out == pytest.approx(truth.fidelity, abs=0.02)  # 128 masks: some 0.01


def test_no_more_masks_are_drawn_than_settle_the_top(caplog):
    """Of twelve tones of 256 levels each, an energy per band: a line, which any masks settle; of two alike none do."""
    stems = {str(f): tone(f, level=0.02 + f / 50000) for f in range(300, 3900, 300)}
    options = {"sr": SR, "kind": "source", "num_samples": 1024}
    why = lemons.explain(lambda y: band_energy(y, 0, 4000), stems, settle_top=3, **options).explanation
    assert why.n_masks == 256
    assert [one.stem for one in why.top(3)] == ["3600", "3300", "3000"]
    assert why.work < 256 + 128 + 4  # clips may be among the masks
    assert not caplog.records
    twins = stems | {"3600": stems["3300"]}
    alike = lemons.explain(lambda y: y @ stems["3300"], twins, settle_top=1, **options).explanation
    assert alike.n_masks == 1024
    assert "the top 1 is not settled after 1024 masks" in caplog.text


def test_audiolime_draws_and_fits_as_published(stems):
    model = Counting()
    why = lemons.explain(model, stems, sr=SR, segments=3, num_samples=60, sampler="audiolime", seed=5).explanation
    factorization = StemFactorization(stems, SR, why.segments)
    published = LimeAudioExplainer(random_state=5).explain_instance(
        factorization, lambda y: y.std(axis=-1)[:, None], num_samples=60, labels=(0,)
    )
    weights = dict(published.local_exp[0])
    assert [one.weight for one in why.components] == pytest.approx([weights[i] for i in range(9)], abs=1e-6)
    assert {one.margin for one in why.components} == {None}
    assert "sampler" not in why.to_json()


def test_batches_are_bounded_and_progress_counts_passes(stems):
    model, seen = Counting(), []
    why = lemons.explain(model, stems, sr=SR, kind="source", batch_size=3, progress=lambda *done: seen.append(done))
    assert max(model.batches) == 3
    assert seen[-1] == (7, 7)  # the whole was heard first, to know the labels
    assert why.explanation.work == 8


@pytest.fixture
def fcn():
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(3)
        model = FCN(2).eval()
    model.fc.weight.data *= 0.2
    return model


@pytest.fixture
def music(rng):
    return {name: quantize(rng.uniform(-0.2, 0.2, 24000)).astype(np.float32) for name in ("vocals", "drums")}


def test_a_model_that_the_engine_knows_is_explained_exactly(fcn, music):
    model = fcn.of_listener(0).eval()
    why = lemons.explain(model, music, sr=16000, segments=2, threshold=0.5, name="marko")
    expected = explain_exactly(model, music, kind="time+source", segments=2)
    assert why.why_not_exact == ""
    assert (why.explanation.method, why.explanation.components) == ("exact", expected.components)
    assert (why.explanation.facts, why.explanation.listener) == (expected.facts, "marko")


def test_all_mixes_scored_one_by_one_say_what_the_engine_says(fcn, music):
    model = fcn.of_listener(0).eval()
    exact, scored = (
        lemons.explain(model, music, sr=16000, kind="source", threshold=0.5, method=method).explanation
        for method in ("exact", "lime")
    )
    for one, other in zip(exact.components, scored.components, strict=True):
        assert other.weight == pytest.approx(one.weight, abs=1e-3)  # the engine's logits are within 1e-3 of the model's
    assert scored.facts.sufficient.sets == exact.facts.sufficient.sets
    masks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_allclose(scored.what_if.logits(masks), exact.what_if.logits(masks), atol=1e-3)


def test_one_pass_of_the_engine_explains_all_labels(fcn, music, monkeypatch):
    passes, run = [], Pass.run
    monkeypatch.setattr(Pass, "run", lambda self: passes.append(self) or run(self))
    found = lemons.explain(fcn, music, sr=16000, kind="source", labels=["rock", "folk"], label=["rock", "folk"])
    assert len(passes) == 1
    for i, why in enumerate(found.values()):
        alone = lemons.explain(fcn.of_listener(i).eval(), music, sr=16000, kind="source").explanation
        weights, expected = ([c.weight for c in one.components] for one in (why.explanation, alone))
        assert weights == pytest.approx(expected, abs=1e-5)  # the same head, as a row of a matrix or alone


def test_the_result_and_the_log_say_why_it_is_not_exact(fcn, music, stems, caplog):
    caplog.set_level(logging.INFO, logger="lemons.asking")
    assert "does not say what it is made of" in lemons.explain(Counting(), stems, sr=SR, kind="source").why_not_exact
    model = fcn.of_listener(0).eval()
    options = {"sr": 16000, "kind": "source", "output": "score"}
    assert "output='score'" in lemons.explain(model, music, **options).why_not_exact
    assert len([record for record in caplog.records if "one by one" in record.message]) == 2
    with pytest.raises(ParameterError, match="method='exact' does not apply: the model does not say"):
        lemons.explain(Counting(), stems, sr=SR, method="exact")


def test_an_explanation_of_a_score_is_read_as_it_was_written(stems, tmp_path):
    why = lemons.explain(Counting(), stems, sr=SR, segments=2, threshold=0.01)
    why.save(tmp_path)
    assert load_explanation(tmp_path / "explanation.json") == why.explanation
    assert lemons.load(tmp_path / "top1.flac", sr=SR).shape == (SR,)


def test_what_is_heard_is_what_was_scored_with_noise_for_silence(stems):
    model = Counting()
    why = lemons.explain(model, stems, sr=SR, kind="source", baseline="noise")
    for clip in ("top1", "rest", "mix", "off"):
        assert why.play(clip).y.tobytes() in model.heard


def test_certainty_has_no_logit(stems):
    options = {"sr": SR, "kind": "source", "output": "probability"}
    certain = lambda y: np.ones(len(y))  # noqa: E731
    assert lemons.explain(certain, stems, **options).explanation.relevance == pytest.approx(1)
    with pytest.raises(DataError, match="take target='probability'"):
        lemons.explain(certain, stems, target="logit", **options)
    sure = lemons.explain(lambda y: np.full(len(y), 0.9), stems, target="logit", **options).explanation
    assert sure.logit == pytest.approx(logit(0.9))


Y = tone(300)


@pytest.mark.parametrize(
    ("sound", "options", "words"),
    [
        (Y, {"sr": None}, "sr=None must be the sampling rate"),
        ("song.wav", {"sr": 44100}, "sr=44100 is for waveforms and stems; a file or a Track has its own rate"),
        (Y[:100], {}, "lasts 0.01 s"),
        (Y, {"sampler": "sobol"}, "sampler='sobol'"),
        (Y, {"sampler": "audiolime", "settle_top": 3}, "settle_top=3 needs intervals"),
        (Y, {"settle_top": 0}, "settle_top=0"),
        (Y, {"label": 0, "segments": 8, "num_samples": 12}, "12 masks are too few for the weights of 8 components"),
        (0 * Y, {}, "is silent"),
        (Y * np.nan, {}, "not numbers"),
        (np.stack([Y, Y]).T, {}, "give its transpose"),
        ({"a": Y, "b": Y[1:]}, {}, "of one shape"),
        ({"mix": Y}, {}, "other than 'mix'"),
        ({"a": Y, "b": Y}, {"separator": "hpss"}, "separated already"),
        (Y, {"kind": "source"}, "kind='source' needs stems"),
        (Y, {"label": "tango"}, "label='tango' is unknown"),
        (Y, {}, "the model has 2 labels"),
        (Y, {"label": 0, "output": "probability"}, "which are no probabilities"),
        (Y, {"label": 0, "labels": ["a"]}, "must be 2 different names"),
        (Y, {"label": 0, "method": "magic"}, "method='magic'"),
        (Y, {"label": 0, "target": "logit"}, "target='logit'"),
        (Y, {"label": 0, "num_samples": 1}, "num_samples=1"),
        (Y, {"label": 0, "batch_size": 0}, "batch_size=0"),
        (np.stack(3 * [Y]), {"label": 0, "n_channels": 2}, "does not fit the 3 channels"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(sound, options, words):
    def model(y):
        return np.stack([y.reshape(len(y), -1).max(axis=1) + 2, y.reshape(len(y), -1).min(axis=1)], axis=1)

    with pytest.raises((ParameterError, DataError), match=words.replace("(", r"\(")):
        lemons.explain(model, sound, **{"sr": SR} | options)


@pytest.mark.parametrize(
    "answer", [lambda y: "yes", lambda y: y[:1, :1], lambda y: y[None], lambda y: y[:, :1] * np.nan]
)
def test_answers_that_are_none_are_refused(answer):
    with pytest.raises((ParameterError, DataError), match="the model answers with"):
        lemons.explain(answer, Y, sr=SR)


def test_a_model_that_divides_by_the_level_hears_that_silence_has_none(stems):
    def brightness(y):
        power = np.abs(np.fft.rfft(y)) ** 2
        with np.errstate(invalid="ignore"):
            return power[:, SR // 4 :].sum(axis=1) / power.sum(axis=1)

    with pytest.raises(DataError, match="to silence: it may divide by a level that is 0"):
        lemons.explain(brightness, stems, sr=SR, kind="source")
    with pytest.raises(DataError, match="to a mix; train it again"):
        lemons.explain(lambda y: np.full(len(y), np.nan), stems, sr=SR, kind="source")


def test_a_model_in_training_mode_is_refused(stems):
    with pytest.raises(ParameterError, match=r"call model.eval\(\)"):
        lemons.explain(Tagger().train(), stems, sr=SR, label="low")


def test_a_function_of_arrays_needs_no_torch():
    program = (
        "import sys\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.split('.')[0] == 'torch':\n"
        "            raise ModuleNotFoundError('no torch')\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "import numpy as np, lemons\n"
        "y = 0.1 * np.sin(np.arange(8000.0))\n"
        "why = lemons.explain(lambda y: y.std(axis=1), y, sr=8000, segments=2, num_samples=4)\n"
        "print(len(why._repr_html_()) > 1000, why.explanation.work)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "4.0"], done.stderr

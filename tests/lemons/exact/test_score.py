"""The exact engine against plain forward passes of the mixes it answers for."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lemons.audiolime import LimeAudioExplainer, StemFactorization
from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import DataError, ParameterError
from lemons.exact import Block, LocalModel, score_table
from lemons.exact.lime import fit_lime, lime_of_moments
from lemons.exact.locality import Locality
from lemons.exact.moments import moments_of
from tests.lemons.exact.mixes import compose, music, plain, telling_masks

pytestmark = pytest.mark.usefixtures("one_thread")


class Tagger(nn.Module):
    """A fully convolutional tagger of any depth, kernel, pooling and head, with everything random."""

    def __init__(self, blocks, *, pools, n_fft=64, hop_length=32, pad=32, n_bands=12, head=None, normalize=True):
        super().__init__()
        chance = torch.Generator().manual_seed(440)
        self.n_fft, self.hop_length, self.pad, self.pools = n_fft, hop_length, pad, pools
        self.bands = nn.Parameter(torch.rand(n_bands, n_fft // 2 + 1, generator=chance) ** 4)
        self.convs, self.norms, self.pooling = nn.ModuleList(), nn.ModuleList(), []
        n_in = 1
        for n_out, kernel, pool in blocks:
            self.convs.append(nn.Conv2d(n_in, n_out, kernel, padding=tuple(k // 2 for k in kernel), bias=n_out != 4))
            self.norms.append(nn.BatchNorm2d(n_out) if normalize else nn.Identity())
            self.pooling.append(pool)
            n_in = n_out
        self.head = nn.Linear(n_in * len(pools), 1) if head is None else head(n_in * len(pools))
        for parameter in [*self.convs.parameters(), *self.norms.parameters(), *self.head.parameters()]:
            parameter.data = 0.5 * torch.randn(parameter.shape, generator=chance)
        for norm in self.norms:
            if normalize:
                norm.running_mean = torch.randn(len(norm.running_mean), generator=chance)
                norm.running_var = 0.5 + torch.rand(len(norm.running_mean), generator=chance)
        self.eval()

    def stft(self, y):
        window = torch.hann_window(self.n_fft, dtype=torch.float64)
        return torch.stft(y.double(), self.n_fft, self.hop_length, window=window, center=False, return_complex=True)

    def columns(self, spectrum):
        power = self.bands.double() @ spectrum.abs().square()
        return (0.1 * power.clamp(min=1e-10).log10()).to(self.bands.dtype)

    def forward(self, y):
        y = F.pad(y[:, None], (self.pad, self.pad), mode="reflect")[:, 0]
        x = self.columns(self.stft(y))[:, None]
        for conv, norm, pool in zip(self.convs, self.norms, self.pooling, strict=True):
            x = F.max_pool2d(F.relu(norm(conv(x))), pool)
        pooled = {"mean": x.mean(dim=(2, 3)), "max": x.amax(dim=(2, 3))}
        return self.head(torch.cat([pooled[pool] for pool in self.pools], dim=1))

    def local_model(self):
        norms = [norm if isinstance(norm, nn.BatchNorm2d) else None for norm in self.norms]
        blocks = [Block(*block) for block in zip(self.convs, norms, self.pooling, strict=True)]
        numbers = (self.n_fft, self.hop_length, self.pad)
        return LocalModel(*numbers, self.stft, self.columns, blocks, self.pools, self.head)


def fcn_like():
    """The recommender in small: 3 x 3, pooled 2 x 2, mean and maximum."""
    return Tagger([(4, (3, 3), (2, 2)), (5, (3, 3), (2, 2)), (3, (3, 3), (2, 2))], pools=("mean", "max"))


def another():
    """Other depth, kernels, pooling, order of features; frames that are not centred; an odd number of bands."""
    blocks = [(3, (5, 7), (3, 1)), (4, (1, 3), (1, 3)), (4, (3, 1), (2, 2)), (2, (1, 5), (1, 1))]
    return Tagger(blocks, pools=("max", "mean"), n_fft=48, hop_length=20, pad=0, n_bands=13, normalize=False)


def two_layer_head():
    def head(n):
        return nn.Sequential(nn.Linear(n, 4), nn.ReLU(), nn.Linear(4, 1))

    return Tagger([(4, (3, 3), (2, 2)), (5, (3, 3), (2, 3))], pools=("mean",), head=head)


MODELS = [fcn_like, another, two_layer_head]


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize(
    ("n_stems", "n_segments", "n_samples"),
    # the last: segments of 32 samples, whose borders the first frame reads only in its mirror
    [(2, 1, 3000), (1, 5, 8000), (2, 3, 6401), (4, 2, 4003), (5, 2, 5000), (1, 10, 9999), (3, 3, 4100), (1, 7, 224)],
)
def test_every_mask_gets_the_plain_answer(rng, make, n_stems, n_segments, n_samples):
    model, stems = make().double(), music(rng, n_stems, n_samples)
    masks = telling_masks(rng, n_stems * n_segments)
    table = score_table(model, stems, n_segments)
    np.testing.assert_allclose(table.logits(masks), plain(model, stems, masks, n_segments), rtol=0, atol=1e-9)


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize(("n_stems", "n_segments", "n_samples"), [(2, 3, 6401), (3, 2, 4003), (1, 7, 224)])
def test_something_may_sound_where_a_stem_is_off(rng, make, n_stems, n_segments, n_samples):
    """The mixes are composed of what is on, and of the other stems where something is off."""
    model, stems, off = make().double(), music(rng, n_stems, n_samples), music(rng, n_stems, n_samples)
    masks = telling_masks(rng, n_stems * n_segments)
    table = score_table(model, stems, n_segments, off=off)
    mixes = compose(stems, masks, n_segments) + compose(off, 1 - masks, n_segments)
    np.testing.assert_array_equal(mixes[:2], np.stack([stems.sum(axis=0), off.sum(axis=0)]))  # everything, nothing
    with torch.no_grad():
        expected = model(torch.as_tensor(mixes).double())[:, 0].numpy()
    np.testing.assert_allclose(table.logits(masks), expected, rtol=0, atol=1e-9)


def test_what_is_the_same_on_and_off_cannot_be_switched(rng):
    stems, off = music(rng, 2, 4000), music(rng, 2, 4000)
    off[1] = stems[1]
    table = score_table(fcn_like(), stems, 2, off=off)
    assert table.sounding.tolist() == [[True, False], [True, False]]
    silence = np.zeros_like(stems)
    np.testing.assert_array_equal(  # as many bits as without
        score_table(fcn_like(), stems, 2, off=silence).all_logits, score_table(fcn_like(), stems, 2).all_logits
    )


@pytest.mark.parametrize(
    ("shape", "message"), [((1, 4000), r"off of shape \(1, 4000\).*\(2, 4000\)"), ((4000,), "off must")]
)
def test_what_sounds_instead_is_as_long_as_the_stems(rng, shape, message):
    with pytest.raises(ParameterError, match=message):
        score_table(fcn_like(), music(rng, 2, 4000), 2, off=np.zeros(shape, np.float32))


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("tile_bytes", [1, 5000, 40000])
def test_the_size_of_tiles_changes_nothing(rng, monkeypatch, make, tile_bytes):
    monkeypatch.setattr("lemons.exact.layers.TILE_BYTES", {"cpu": tile_bytes})
    monkeypatch.setattr("lemons.exact.propagation.SPECTRA_ROWS", 4)
    monkeypatch.setattr("lemons.exact.table.CHUNK_ROWS", 7)
    monkeypatch.setattr("lemons.exact.enumeration.TILE_VALUES", {"cpu": 100})
    model, stems = make().double(), music(rng, 2, 2800) + np.float32(2**-15)  # groups of two and three segments
    masks = telling_masks(rng, 8)
    table = score_table(model, stems, 4)
    np.testing.assert_allclose(table.logits(masks), plain(model, stems, masks, 4), rtol=0, atol=1e-9)
    everything = table.logits(np.array(list(itertools.product([0, 1], repeat=8))))
    np.testing.assert_allclose(table.all_logits, everything, rtol=0, atol=1e-12)


@pytest.mark.parametrize("make", MODELS)
def test_float32_costs_nothing_but_rounding(rng, make):
    model, stems = make(), music(rng, 3, 6100)
    masks = telling_masks(rng, 9)
    logits = score_table(model, stems, 3).logits(masks)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, plain(model, stems, masks, 3), rtol=0, atol=1e-5)


@pytest.mark.parametrize("segment", [960, 700, 300, 150])
def test_segments_shorter_than_the_receptive_field_only_take_wider_groups(rng, segment):
    model, stems = fcn_like().double(), music(rng, 1, 8 * segment + 7)
    table = score_table(model, stems, 8)
    reach = (1 + 3 * (1 + 2 + 4) - 1) * 32 + 64  # samples under the 22 frames that a column of the last block hears
    assert math.ceil(reach / segment) <= table.width <= (reach - 2) // segment + 2
    masks = telling_masks(rng, 8)
    np.testing.assert_allclose(table.logits(masks), plain(model, stems, masks, 8), rtol=0, atol=1e-9)


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize(
    ("n_stems", "n_segments", "n_samples"), [(3, 3, 6000), (2, 4, 2500), (8, 1, 900), (1, 9, 3000)]
)
def test_all_logits_are_those_of_all_masks_in_counting_order(rng, make, n_stems, n_segments, n_samples):
    table = score_table(make().double(), music(rng, n_stems, n_samples), n_segments)
    masks = np.array(list(itertools.product([0, 1], repeat=table.n_components)))
    np.testing.assert_allclose(table.all_logits.numpy(), table.logits(masks), rtol=0, atol=1e-12)


def test_silent_components_cost_nothing_and_weigh_nothing(rng):
    model, stems = fcn_like().double(), music(rng, 3, 6000)
    stems[1, :2000] = 0  # silent in the first of three segments, and so on
    stems[:, 2000:4000] = 0
    masks = telling_masks(rng, 9)
    table = score_table(model, stems, 3)
    np.testing.assert_allclose(table.logits(masks), plain(model, stems, masks, 3), rtol=0, atol=1e-9)
    everywhere = score_table(model, music(rng, 3, 6000) + np.float32(2**-15), 3)
    assert table.multiply_adds < 0.6 * everywhere.multiply_adds
    for values in (table.shapley(), table.lime().weights, table.interactions().sum(axis=0)):
        assert (np.flatnonzero(values) == [0, 2, 6, 7, 8]).all()
    masks = np.zeros((32, 9), int)
    masks[:, [0, 2, 6, 7, 8]] = list(itertools.product([0, 1], repeat=5))
    brute = lime_of_moments(moments_of(torch.as_tensor(table.logits(masks)), 5), alpha=0).weights
    np.testing.assert_allclose(table.lime(target="logit").weights[[0, 2, 6, 7, 8]], brute, rtol=0, atol=1e-12)


def test_silence_is_one_state(rng):
    model, stems = fcn_like().double(), np.zeros((2, 5000), np.float32)
    masks = telling_masks(rng, 4)
    table = score_table(model, stems, 2)
    np.testing.assert_allclose(table.logits(masks), plain(model, stems, masks, 2), rtol=0, atol=1e-12)
    assert not table.lime().weights.any()
    assert not table.shapley().any()
    assert not table.interactions().any()
    with pytest.raises(ParameterError, match="k=1 of 0 components"):
        table.best(1)


def test_stems_that_cancel_are_silent_together(rng):
    """Power is taken of the sum: the floor of the logarithm must hear a mix of nothing."""
    y = music(rng, 1, 5000)[0]
    model, stems = fcn_like().double(), np.stack([y, -y])
    table = score_table(model, stems, 2)
    np.testing.assert_allclose(table.logits([[1, 1, 1, 1]]), table.logits([[0, 0, 0, 0]]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("target", ["logit", "probability"])
def test_on_the_same_masks_weights_are_those_of_audiolime(rng, target):
    model, stems = fcn_like(), music(rng, 3, 6100)
    factorization = StemFactorization({str(i): stem for i, stem in enumerate(stems)}, 16000, 3)

    def predict(y):
        with torch.no_grad():
            logits = model(torch.as_tensor(y))
        return (logits.sigmoid() if target == "probability" else logits).numpy()

    explainer = LimeAudioExplainer(feature_selection="none", random_state=3)
    theirs = explainer.explain_instance(factorization, predict, num_reg_targets=1, num_samples=256, batch_size=5)
    ours = score_table(model, stems, 3).lime_on(draw_masks(9, 256, random_state=3), target=target)
    np.testing.assert_allclose(ours.weights, [weight for _, weight in sorted(theirs.local_exp[0])], rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        [ours.intercept, ours.fidelity], [theirs.intercept[0], theirs.score[0]], rtol=0, atol=1e-4
    )
    assert (ours.exact, ours.n_masks) == (False, 256)
    assert ours.standard_errors is None


def test_best_components_are_the_best_of_all_subsets(rng):
    table = score_table(fcn_like().double(), music(rng, 3, 6100), 3)
    masks = np.array([np.isin(np.arange(9), subset) for subset in itertools.combinations(range(9), 3)])
    logits = table.logits(masks)
    best = table.best(3, target="logit")
    assert best.components == tuple(np.flatnonzero(masks[logits.argmax()]))
    assert best.value == logits.max()
    assert table.best(3, target="probability").value == pytest.approx(1 / (1 + math.exp(-best.value)))


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_the_best_subset_is_the_same_enumerated_or_compared(rng, monkeypatch, k):
    stems = music(rng, 3, 6100)
    stems[2] = 0  # six of the eight components of four stems in two segments sound
    stems = np.concatenate([stems, music(rng, 1, 6100)])
    table = score_table(fcn_like().double(), stems, 2)
    enumerated = table.best(k)
    monkeypatch.setattr("lemons.exact.table.MAX_ENUMERATED", 1)
    compared = table.best(k)
    assert compared.components == enumerated.components
    assert len(compared.components) == k
    assert not {2, 6} & set(compared.components)  # the silent stem's
    assert compared.value == pytest.approx(enumerated.value, rel=1e-12)


def test_lime_over_all_masks_is_the_fit_to_each_of_them(rng):
    """Weights, intercept and fidelity, with a silent component in the middle."""
    stems = music(rng, 2, 6100)
    stems[1, :3050] = 0
    table = score_table(fcn_like().double(), stems, 2)
    masks = np.array(list(itertools.product([0, 1], repeat=3)))
    spread = np.insert(masks, 1, 0, axis=1)
    assert table.sounding.tolist() == [[True, False], [True, True]]
    found, expected = table.lime(), fit_lime(masks, table.logits(spread), alpha=0.0)
    np.testing.assert_allclose(found.weights, np.insert(expected.weights, 1, 0), atol=1e-9)
    assert (found.intercept, found.fidelity) == pytest.approx((expected.intercept, expected.fidelity), abs=1e-9)


@pytest.mark.parametrize("target", ["logit", "probability"])
def test_shapley_values_share_out_the_answer(rng, target):
    table = score_table(fcn_like(), music(rng, 3, 6100), 3)
    everything, nothing = table.logits([[1] * 9, [0] * 9]).astype(float)
    if target == "probability":
        everything, nothing = 1 / (1 + np.exp(-everything)), 1 / (1 + np.exp(-nothing))
    assert table.shapley(target=target).sum() == pytest.approx(everything - nothing, abs=1e-5)


def test_too_many_components_to_enumerate_are_sampled_and_say_so(rng):
    table = score_table(fcn_like(), music(rng, 3, 10000) + np.float32(2**-15), 9)  # nothing is silent
    lime = table.lime_sampled(2**14, target="logit")
    assert (lime.exact, lime.n_masks, table.enumerable) == (False, 2**14, False)
    another_draw = table.lime_sampled(2**14, target="logit", seed=1)
    gaps = (lime.weights - another_draw.weights) / np.hypot(lime.standard_errors, another_draw.standard_errors)
    assert 0.5 < np.sqrt(np.mean(gaps**2)) < 1.6  # two draws differ by what their standard errors say
    assert lime.masks.shape == (2**14, 27)
    for over_all_masks in (table.lime, table.shapley):
        with pytest.raises(ParameterError, match=r"2\^27 masks cannot be enumerated .* lime_sampled"):
            over_all_masks()
    with pytest.raises(ParameterError, match="are 17383860 subsets"):
        table.best(13 - 1)


def test_progress_runs_to_its_end_and_can_cancel(rng):
    calls, stems = [], music(rng, 2, 6000)
    table = score_table(fcn_like(), stems, 3, progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls)
    assert calls[-1] == (table.multiply_adds, table.multiply_adds)

    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_table(fcn_like(), stems, 3, progress=cancel)


def test_multiply_adds_of_one_state_are_those_of_the_network(rng):
    """One stem, one segment: the two states of a time-only explanation, each a plain forward pass."""
    model = fcn_like()
    counted = 0

    def count(conv, inputs, output):
        nonlocal counted
        kept = output[..., : output.shape[-1] // 2 * 2]  # a last odd column is dropped by the pooling
        counted += kept.numel() * conv.in_channels * math.prod(conv.kernel_size)

    hooks = [conv.register_forward_hook(count) for conv in model.convs]
    stems = music(rng, 1, 3000)
    plain(model, stems, np.ones((1, 1), int), 1)
    for hook in hooks:
        hook.remove()
    assert score_table(model, stems, 1).multiply_adds == 2 * counted


def test_memory_does_not_grow_with_the_number_of_borders():
    """What lies behind a border is forgotten when its columns are pooled; edges and mixed columns are all there is."""

    def peak(n_segments):
        segments = [(1000 * i, 1000 * (i + 1)) for i in range(n_segments)]
        return Locality(fcn_like().local_model(), segments, 12).peak_bytes([2**4] * n_segments, itemsize=4)

    assert peak(3) < peak(40) < 1.1 * peak(3)


def test_a_named_device_leaves_the_model_where_it_is(rng):
    model, stems = fcn_like(), music(rng, 2, 5000)
    masks = telling_masks(rng, 4)
    there, here = score_table(model, stems, 2, device="cpu"), score_table(model, stems, 2)
    assert (there.logits(masks) == here.logits(masks)).all()
    assert there.pooled.head is not model.head


def strided():
    model = fcn_like()
    model.convs[1].stride = (2, 1)
    return model


@pytest.mark.parametrize(
    ("make", "stems", "n_segments", "said"),
    [
        (lambda: nn.Conv2d(1, 1, 3), np.zeros((2, 5000), np.float32), 2, r"Conv2d has no local_model"),
        (lambda: fcn_like().train(), np.zeros((2, 5000), np.float32), 2, "call eval"),
        (strided, np.zeros((2, 5000), np.float32), 2, r"blocks\[1\] is Conv2d.*stride 1"),
        (
            fcn_like,
            np.zeros(5000, np.float32),
            2,
            r"stems must be floats .*, not float32 \(5000,\)",
        ),
        (fcn_like, np.zeros((2, 5000), np.int16), 2, "must be floats of .* not int16 .* divide"),
        (fcn_like, np.zeros((0, 5000), np.float32), 2, r"stems holds no samples; its shape is \(0, 5000\)"),
        (fcn_like, np.zeros((2, 30), np.float32), 2, "30 samples are too few for a frame"),
        (fcn_like, np.zeros((2, 150), np.float32), 2, "nothing is left of them in block 3"),
        (fcn_like, np.zeros((2, 5000), np.float32), 0, "must be"),
    ],
)
def test_what_cannot_be_scored_says_why(make, stems, n_segments, said):
    with pytest.raises(ParameterError, match=said):
        score_table(make(), stems, n_segments)


def test_other_mistakes_say_what_to_do(rng):
    stems = music(rng, 2, 5000)
    with pytest.raises(DataError, match="not numbers"):
        score_table(fcn_like(), stems * np.float32(np.nan), 2)
    with pytest.raises(ParameterError, match=r"max_memory=0.0 GB; take fewer"):
        score_table(fcn_like(), stems, 2, max_memory=1000)
    table = score_table(fcn_like(), stems, 2)
    with pytest.raises(ParameterError, match=r"masks of shape \(1, 3\) must have shape \(n_masks, 4\)"):
        table.logits([[1, 0, 1]])
    with pytest.raises(ParameterError, match="other values than 0 and 1"):
        table.logits([[1, 0, 2, 1]])
    with pytest.raises(ParameterError, match="target='odds' must be one of"):
        table.lime(target="odds")
    with pytest.raises(ParameterError, match="k=5 must be between 1 and 4, the components that sound"):
        table.best(5)
    with pytest.raises(ParameterError, match="alpha=-1 must be a finite number of at least 0"):
        table.lime(alpha=-1)

"""Networks that are no chain: branches, concatenations, sums, even kernels, no padding, BatchNorm on either side."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lemons.errors import ParameterError
from lemons.exact import Block, LocalModel, score_table
from tests.lemons.exact.mixes import music, plain, telling_masks

N_FFT, HOP_LENGTH, N_BANDS = 64, 32, 12


pytestmark = pytest.mark.usefixtures("one_thread")


class Listener(nn.Module):
    """A front end of a few bands, everything random; what follows is a subclass's."""

    pools = ("max", "mean")

    def __init__(self, convs, n_features, *, head=None):
        super().__init__()
        chance = torch.Generator().manual_seed(440)
        self.bands = nn.Parameter(torch.rand(N_BANDS, N_FFT // 2 + 1, generator=chance))
        self.convs = nn.ModuleList(nn.Conv2d(*sizes, padding=padding) for *sizes, padding in convs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(conv.out_channels) for conv in self.convs)
        self.head = nn.Linear(n_features, 1) if head is None else head
        for parameter in [*self.convs.parameters(), *self.norms.parameters(), *self.head.parameters()]:
            parameter.data = 0.5 * torch.randn(parameter.shape, generator=chance)  # some factors of norms are negative
        for norm in self.norms:
            norm.running_mean = torch.randn(len(norm.running_mean), generator=chance)
            norm.running_var = 0.5 + torch.rand(len(norm.running_mean), generator=chance)
        self.eval()

    def stft(self, y):
        window = torch.hann_window(N_FFT, dtype=torch.float64)
        return torch.stft(y.double(), N_FFT, HOP_LENGTH, window=window, center=False, return_complex=True)

    def columns(self, spectrum):
        return torch.log1p(1000 * (self.bands.double() @ spectrum.abs().square())).to(self.bands.dtype)

    def forward(self, y):
        maps = self.maps(self.columns(self.stft(y))[:, None])
        return self.head(torch.cat([maps.amax(dim=(2, 3)), maps.mean(dim=(2, 3))], dim=1))

    def local_model(self):
        described = self.blocks()
        numbers = {"n_fft": N_FFT, "hop_length": HOP_LENGTH, "pad": 0, "pools": self.pools, "head": self.head}
        return LocalModel(stft=self.stft, columns=self.columns, **numbers, **described)


class Branches(Listener):
    """Two branches with even kernels and time pooling, joined; a maximum over bands; a residual; two levels pooled."""

    def __init__(self):
        head = nn.Sequential(nn.Linear(14, 4), nn.ReLU(), nn.Linear(4, 1))
        convs = [(1, 3, (3, 6), "same"), (1, 2, (4, 3), "same"), (5, 3, (3, 4), (0, 0)), (3, 4, (1, 2), "same")]
        super().__init__([*convs, (4, 4, (1, 5), "same"), (4, 3, (1, 1), "same")], 14, head=head)

    def maps(self, x):
        def conv(i, x, before, after, low=0, high=0):
            return F.conv2d(F.pad(x, (before, after, low, high)), self.convs[i].weight, self.convs[i].bias)

        left = F.max_pool2d(self.norms[0](F.relu(conv(0, x, 2, 3, 1, 1))), 2)
        right = F.max_pool2d(F.relu(self.norms[1](conv(1, x, 1, 1, 1, 2))), 2)
        joined = self.norms[2](F.relu(conv(2, torch.cat([right, left], dim=1), 0, 0)))  # nothing is padded
        high = joined.amax(dim=2, keepdim=True)
        wide = F.relu(conv(3, high, 0, 1))
        summed = self.norms[4](F.relu(self.norms[3](conv(4, wide, 2, 2)))) + wide
        return torch.cat([self.norms[5](F.relu(conv(5, summed, 0, 0))), summed], dim=1)

    def blocks(self):
        n = self.norms
        two = [Block(self.convs[0], post_norm=n[0], pool=(2, 2), reads=(0,))]
        two += [Block(self.convs[1], n[1], pool=(2, 2), reads=(0,))]
        joined = Block(self.convs[2], post_norm=n[2], pool=(4, 1), reads=(2, 1))
        wide, summed = Block(self.convs[3]), Block(self.convs[4], n[3], post_norm=n[4], adds=4)
        return {"blocks": [*two, joined, wide, summed, Block(self.convs[5], post_norm=n[5])], "outputs": (6, 5)}


class Residual(Listener):
    """A residual network's sum before ReLU, which is an identity in the kernel; convolutions without padding."""

    def __init__(self):
        super().__init__([(1, 3, (3, 3), 0), (3, 3, (3, 3), 1), (3, 3, (3, 3), 1), (3, 2, (2, 2), "valid")], 4)

    def maps(self, x):
        first = F.relu(self.convs[0](x))
        second = F.relu(self.norms[1](self.convs[1](first)))
        third = F.relu(self.convs[2](second) + first)
        return F.max_pool2d(F.relu(self.convs[3](third)), (1, 3))

    def blocks(self):
        both = nn.Conv2d(6, 3, 3, padding=1).to(self.convs[2].weight)
        both.weight.data[:, :3], both.bias.data = self.convs[2].weight.data, self.convs[2].bias.data
        both.weight.data[:, 3:] = F.pad(torch.eye(3).to(both.weight)[..., None, None], (1, 1, 1, 1))
        chain = [Block(self.convs[0]), Block(self.convs[1], self.norms[1]), Block(both, reads=(2, 1))]
        return {"blocks": [*chain, Block(self.convs[3], pool=(1, 3))]}


MODELS = [Branches, Residual]


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize(
    ("n_stems", "n_segments", "n_samples"), [(2, 1, 3000), (1, 5, 8000), (2, 3, 6401), (3, 2, 4003), (1, 9, 5000)]
)
def test_every_mask_gets_the_plain_answer(rng, make, n_stems, n_segments, n_samples):
    model, stems = make().double(), music(rng, n_stems, n_samples)
    masks = telling_masks(rng, n_stems * n_segments)
    logits = score_table(model, stems, n_segments).logits(masks)
    np.testing.assert_allclose(logits, plain(model, stems, masks, n_segments), rtol=0, atol=1e-9)


@pytest.mark.parametrize("make", MODELS)
def test_all_logits_are_those_of_all_masks_whatever_the_size_of_tiles(rng, monkeypatch, make):
    model, stems = make().double(), music(rng, 2, 2800) + np.float32(2**-15)
    masks = np.array(list(itertools.product([0, 1], repeat=8)))
    expected = plain(model, stems, masks, 4)
    for tile_bytes in (1, 5000):
        monkeypatch.setattr("lemons.exact.layers.TILE_BYTES", {"cpu": tile_bytes})
        np.testing.assert_allclose(score_table(model, stems, 4).all_logits, expected, rtol=0, atol=1e-9)


def layered(n):
    return nn.Sequential(nn.BatchNorm1d(n), nn.Linear(n, 3), nn.ReLU(), nn.BatchNorm1d(3), nn.Linear(3, 1))


def bounded(n):
    return nn.Sequential(nn.Tanh(), nn.Linear(n, 1))


@pytest.mark.parametrize("pools", [("max", "mean"), ("max",), ("mean",)])
@pytest.mark.parametrize(("head", "most"), [(layered, 22), (bounded, 18), (lambda n: nn.Linear(n, 1), 26)])
def test_heads_of_every_kind_give_all_logits_and_say_how_many(rng, head, most, pools):
    model = Residual()
    model.pools, model.head = pools, head(2 * len(pools)).double().eval()
    for module in model.head.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean, module.running_var = torch.as_tensor(rng.uniform(0.5, 1.5, (2, len(module.weight))))
    table = score_table(model.double(), music(rng, 2, 3200) + np.float32(2**-15), 3)
    masks = np.array(list(itertools.product([0, 1], repeat=6)))
    np.testing.assert_allclose(table.all_logits, table.logits(masks), rtol=0, atol=1e-9)
    assert table.max_enumerated == most


def test_work_is_counted_once_for_each_reader(rng):
    """One stem, one segment: two states, each as much as a plain forward pass."""
    model, stems = Branches(), music(rng, 1, N_FFT + 63 * HOP_LENGTH)
    sizes = [(12, 64), (12, 64), (4, 29), (1, 29), (1, 29), (1, 29)]  # of the convolutions' results
    counted = sum(
        bands * columns * conv.weight.numel() for (bands, columns), conv in zip(sizes, model.convs, strict=True)
    )
    assert score_table(model, stems, 1).multiply_adds == 2 * counted


def changed(**attributes):
    """A model whose third block is described in another way."""

    class Changed(Branches):
        def blocks(self):
            described = super().blocks()
            third = vars(described["blocks"][2]) | attributes
            return described | {"blocks": [*described["blocks"][:2], Block(**third), *described["blocks"][3:]]}

    return Changed()


class OtherOutputs(Branches):
    def blocks(self):
        return super().blocks() | {"outputs": (1, 6)}


class NoOutputs(Branches):
    def blocks(self):
        return super().blocks() | {"outputs": (7,)}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: changed(reads=(2, 3)), r"blocks\[2\] reads levels \(2, 3\) .* different ones below 3"),
        (lambda: changed(reads=(2, 2)), "different ones below 3"),
        (lambda: changed(reads=(2, 0)), r"blocks\[2\] is Conv2d\(5.*reads levels of \[2, 1\] channels"),
        (lambda: changed(adds=2), r"blocks\[2\] .*adds a level of 2 channels"),
        (lambda: changed(adds=1), r"blocks\[2\] adds level 1, which has another size"),
        (lambda: changed(reads=(2, 1), conv=nn.Conv2d(5, 3, (3, 2), padding=(0, 2))), "less than the kernel"),
        (OtherOutputs, r"outputs=\(1, 6\) are levels of different sizes"),
        (NoOutputs, r"outputs=\(7,\) must be different levels from 1 to 6"),
    ],
)
def test_connections_that_cannot_be_say_why(model, said):
    with pytest.raises(ParameterError, match=said):
        score_table(model(), np.zeros((2, 5000), np.float32), 2)


def test_levels_of_different_sizes_cannot_be_joined():
    class Uneven(Branches):
        def blocks(self):
            described = super().blocks()
            first = Block(self.convs[0], pool=(2, 3), reads=(0,))
            return described | {"blocks": [first, *described["blocks"][1:]]}

    with pytest.raises(ParameterError, match=r"blocks\[2\] reads levels of different \(bands, columns\)"):
        score_table(Uneven(), np.zeros((2, 5000), np.float32), 2)

"""The same measures by Captum and Quantus, which call what is switched off a baseline of 0.

They take a model of inputs; here the input is the mask, so that switching a component off is setting its input to 0.
"""

import numpy as np
import pytest
import torch
from torch import nn

from lemons.exact.masks import mask_rows
from lemons.quality import complexity, deletion_curve, infidelity, max_sensitivity, sparseness

INSTALL = "pip install 'lemons-explanations[compare]'"
N_COMPONENTS = 6
FLOAT32 = 1e-5  # Quantus answers in single precision, of numbers around 1


class Mixer(nn.Module):
    """Answers to masks, with interactions: a small network of random weights."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(440)
        self.first = nn.Parameter(torch.randn(N_COMPONENTS, 8, generator=generator, dtype=torch.float64))
        self.second = nn.Parameter(torch.randn(8, generator=generator, dtype=torch.float64))

    def forward(self, masks):
        masks = masks.reshape(len(masks), -1).double()
        return (torch.tanh(masks @ self.first) @ self.second)[:, None]

    @torch.no_grad()
    def answers(self, masks):
        return self(torch.as_tensor(masks))[:, 0].numpy()


@pytest.fixture(scope="module")
def captum():
    return pytest.importorskip("captum.metrics", reason=f"compares with Captum: {INSTALL}")


@pytest.fixture(scope="module")
def quantus():
    return pytest.importorskip("quantus", reason=f"compares with Quantus: {INSTALL}")


@pytest.fixture(scope="module")
def model():
    return Mixer().eval()


@pytest.mark.parametrize("scaled", [False, True])
def test_infidelity_is_captums(captum, model, rng, scaled):
    weights, masks = rng.normal(size=N_COMPONENTS), mask_rows(0, 2**N_COMPONENTS, N_COMPONENTS)

    def switch_off(inputs):  # Captum repeats the input once for each mask
        kept = torch.as_tensor(masks).double()
        return 1 - kept, inputs * kept

    found = captum.infidelity(
        model,
        switch_off,
        torch.ones(1, N_COMPONENTS, dtype=torch.float64),
        torch.as_tensor(weights)[None],
        target=0,
        n_perturb_samples=len(masks),
        normalize=scaled,
    )
    # both sum some 64 numbers around 1 in double precision
    assert infidelity(model.answers, weights, masks, scaled=scaled) == pytest.approx(float(found), rel=1e-12)


def test_max_sensitivity_is_captums(captum, rng):
    explanations = rng.normal(size=(9, N_COMPONENTS))  # of the input 0, and of eight in its neighborhood

    def explain(inputs):  # a tuple at first, then a tensor, whose first value says which explanation is asked for
        inputs = inputs[0] if isinstance(inputs, tuple) else inputs
        return (torch.as_tensor(explanations)[inputs[:, 0].long()],)

    found = captum.sensitivity_max(
        explain,
        torch.zeros(1, N_COMPONENTS, dtype=torch.float64),
        perturb_func=lambda inputs: inputs + torch.arange(1, 9).double()[:, None],
        n_perturb_samples=8,
    )
    assert max_sensitivity(explanations[0], explanations[1:]) == pytest.approx(float(found), rel=1e-12)


@pytest.mark.parametrize(("ours", "name"), [(complexity, "Complexity"), (sparseness, "Sparseness")])
def test_complexity_and_sparseness_are_those_of_quantus(quantus, rng, ours, name):
    weights = rng.normal(size=(4, 1, N_COMPONENTS))
    metric = getattr(quantus, name)(abs=True, normalise=False, disable_warnings=True, display_progressbar=False)
    found = metric(model=None, x_batch=weights, y_batch=np.zeros(4, int), a_batch=weights)
    # Quantus adds 1e-7 to each weight
    assert [ours(one) for one in weights.reshape(4, -1)] == pytest.approx(found, abs=1e-6)


def test_the_deletion_curve_is_the_pixel_flipping_of_quantus(quantus, model, rng):
    weights = rng.permutation(N_COMPONENTS) - 2.0
    shape = 1, 1, N_COMPONENTS
    metric = quantus.PixelFlipping(
        features_in_step=1, abs=False, normalise=False, perturb_baseline=0.0, return_aggregate=False,
        disable_warnings=True, display_progressbar=False,
    )  # fmt: skip
    ones = np.ones(shape, dtype=np.float32)
    found = metric(model=model, x_batch=ones, y_batch=np.zeros(1, int), a_batch=weights.reshape(shape), softmax=False)
    assert deletion_curve(model.answers, weights)[1:] == pytest.approx(np.ravel(found), abs=FLOAT32)

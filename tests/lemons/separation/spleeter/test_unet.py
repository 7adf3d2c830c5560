"""The two large layers of the U-Net in phases are the layers that TensorFlow computes."""

import numpy as np
import torch
import torch.nn.functional as F

from lemons.separation.spleeter import PUBLISHED
from lemons.separation.spleeter.unet import UNet, dilated_in_phases, doubling_in_phases


def test_doubling_in_phases_is_a_transposed_convolution_of_stride_2(rng):
    kernel, x = rng.standard_normal((3, 1, 5, 5)), torch.tensor(rng.standard_normal((1, 3, 6, 8)))
    # TensorFlow's SAME: the result is twice as large, what is too much is cut behind
    expected = F.conv_transpose2d(x, torch.tensor(kernel), stride=2, padding=1)[..., :-1, :-1]
    phases = F.conv2d(x, torch.tensor(doubling_in_phases(kernel)).double(), padding=1)
    torch.testing.assert_close(F.pixel_shuffle(phases, 2), expected, atol=1e-5, rtol=0)  # the kernel is float32


def test_dilated_in_phases_is_a_convolution_dilated_by_2(rng):
    kernel, image = rng.standard_normal((2, 1, 4, 4)), torch.tensor(rng.standard_normal((1, 1, 12, 16)))
    expected = F.conv2d(image, torch.tensor(kernel), dilation=2, padding=3)
    phases = F.conv2d(F.pixel_unshuffle(image, 2), torch.tensor(dilated_in_phases(kernel)).double(), padding=2)
    torch.testing.assert_close(F.pixel_shuffle(phases, 2), expected, atol=1e-5, rtol=0)  # the kernel is float32


def test_a_mask_is_as_large_as_the_image_and_nothing_is_trained():
    network = UNet(PUBLISHED["spleeter:2stems"])
    with torch.no_grad():
        assert network(torch.zeros(1, 2, 64, 128)).shape == (1, 2, 64, 128)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_the_images_of_a_batch_do_not_mix(rng):
    network = UNet(PUBLISHED["spleeter:2stems"])
    x = torch.tensor(rng.uniform(0, 1, (2, 2, 64, 64)).astype(np.float32))
    # sums of up to 25 × 512 products are rounded otherwise in another batch
    torch.testing.assert_close(network(x)[1:], network(x[1:]), atol=1e-4, rtol=1e-4)

"""TensorFlow's variables in U-Nets."""

import numpy as np
import pytest

from lemons.errors import DataError
from lemons.separation.spleeter import PUBLISHED, Spleeter, load_spleeter
from lemons.separation.spleeter.weights import variable_shapes
from lemons.separation.tf_checkpoint import read_checkpoint
from tests.lemons.separation.spleeter.golden import GOLDEN, STEMS


def test_the_published_configurations_fit_the_published_weights():
    """Counts of the official files: variables with the step counter, and numbers in them."""
    counts = {
        "spleeter:2stems": (149, 19653519),
        "spleeter:4stems": (297, 39307037),
        "spleeter:5stems": (371, 49133796),
    }
    for name, (n_variables, n_numbers) in counts.items():
        shapes = variable_shapes(PUBLISHED[name])
        assert len(shapes) + 1 == n_variables
        assert sum(np.prod(shape) for shape in shapes.values()) + 1 == n_numbers
        assert PUBLISHED[name].instruments == STEMS[int(name[9])]
        assert (PUBLISHED[name].frame_length, PUBLISHED[name].T, PUBLISHED[name].F) == (4096, 512, 1024)
        assert PUBLISHED[name].softmax == (name == "spleeter:5stems")
    assert PUBLISHED["spleeter:2stems"].conv_activation == "LeakyReLU"
    assert PUBLISHED["spleeter:2stems"].deconv_activation == "ReLU"
    for name in ("spleeter:4stems", "spleeter:5stems"):
        assert PUBLISHED[name].conv_activation == PUBLISHED[name].deconv_activation == "ELU"


@pytest.mark.parametrize(("theirs", "name"), [(5, "spleeter:4stems"), (4, "spleeter:5stems"), (2, "spleeter:5stems")])
def test_weights_of_another_number_of_stems_are_refused(theirs, name):
    with pytest.raises(DataError, match=rf"those of {theirs} stems, not of {name[9]} stems \(vocals, "):
        Spleeter(name, PUBLISHED[name], read_checkpoint(GOLDEN / f"tiny{theirs}"))
    with pytest.raises(DataError, match=rf"tiny{theirs}.json has {theirs} instruments, but {name} has {name[9]}"):
        load_spleeter(name, GOLDEN / f"tiny{theirs}")


def test_weights_of_another_network_are_refused(models):
    configuration, variables = models[2].configuration, read_checkpoint(GOLDEN / "tiny2")
    for broken, match in (
        ({"dense/kernel": np.zeros((3, 3))}, "those of 0 stems"),
        ({k: v for k, v in variables.items() if k != "conv2d_3/bias"}, "nothing for conv2d_3/bias"),
        (variables | {"conv2d_3/bias": np.float32([np.nan] * 6)}, "not numbers in conv2d_3/bias"),
    ):
        with pytest.raises(DataError, match=match):
            Spleeter("spleeter:2stems", configuration, broken)
    # what an optimizer left in the file is no mistake
    Spleeter("spleeter:2stems", configuration, variables | {"beta1_power": np.float32(0.9)})

"""What a Spleeter model was built with."""

import json
import shutil

import pytest

from lemons.errors import DataError
from lemons.separation.spleeter import load_spleeter, read_configuration
from tests.lemons.separation.spleeter.golden import GOLDEN


def test_a_configuration_may_lie_inside_the_folder(models, tmp_path):
    shutil.copytree(GOLDEN / "tiny5", tmp_path / "own")
    with pytest.raises(DataError, match=r"the weights have \(5, 5, 2, 3\) for conv2d/kernel, which should be"):
        load_spleeter("spleeter:5stems", tmp_path / "own")
    shutil.copy(GOLDEN / "tiny5.json", tmp_path / "own" / "config.json")
    own = load_spleeter("spleeter:5stems", tmp_path / "own")
    assert own.fingerprint == models[5].fingerprint


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"mask_extension": "mirror"}, "mask_extension='mirror' must be zeros or average"),
        ({"frame_step": 256}, r"frame_length=512 must be 4 \* frame_step"),
        ({"T": 100}, "T=100 and F=128 must be multiples of 64"),
        ({"F": 320}, "F=320 must not exceed the 257 bins"),
        ({"n_channels": 1}, "n_channels=1 must be 2"),
        ({"T": "64"}, "must be positive integers"),
        ({"separation_exponent": 0}, "separation_exponent=0 must be positive"),
        ({"instrument_list": ["vocals"]}, "must name two stems or more"),
        ({"model": {"type": "blstm.blstm", "params": {}}}, "model type 'blstm.blstm' must be unet.unet"),
        ({"model": {"params": {"conv_activation": "GELU"}}}, "must be among ReLU, LeakyReLU, ELU"),
        ({"model": {"params": {"conv_n_filters": [3, 4]}}}, "must be 6 numbers"),
    ],
)
def test_a_configuration_that_is_not_supported_is_refused(tmp_path, change, match):
    path = tmp_path / "own.json"
    path.write_text(json.dumps(json.loads((GOLDEN / "tiny2.json").read_text()) | change))
    with pytest.raises(DataError, match=match):
        read_configuration(path)


@pytest.mark.parametrize(
    ("text", "match"), [("{", "is not a configuration"), ("[1]", "is not"), ("{}", "has no 'instr")]
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text, match):
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(DataError, match=match):
        read_configuration(tmp_path / "own.json")

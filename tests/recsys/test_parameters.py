import math
import re

import numpy as np
import pytest

from lemons.errors import ParameterError
from recsys import experiment as training_driver
from recsys.parameters import check_parameters


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        *(("freeze", value, "True or False") for value in ("false", "no", "maybe", 0, None)),
        ("use_tensorboard", "perhaps", "True or False"),
        *(("lr", value, "a number above 0 and at most 1") for value in ("abc", math.nan, math.inf, -1, 0, 1e6, True)),
        *(("wd", value, "a number from 0 to 1") for value in ("abc", math.nan, -1, 1e38)),
        *(("n_epochs", value, "a whole number of at least 1") for value in ("abc", None, 1.5, 1e3, 0, True)),
        ("batch_size", 2.5, "a whole number of at least 1"),
        ("input_length", 7935, "a whole number of at least 7936"),  # 31 frames are pooled to nothing
        *(("num_workers", value, "a whole number of at least 0") for value in ("abc", -1)),
        *(("training_seed", value, "a whole number from 0 to 4294967295") for value in ("abc", -5, 2**32)),
        ("data_seed", -5, "a whole number from 0 to 4294967295"),
        ("seed", "abc", "a whole number from 0 to 4294967295"),
        ("schedule", "linear", "one of constant, cosine, onecycle"),
        ("precision", "float16", "one of auto, float32, bfloat16"),
        ("user_name", 123, "a text"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value, expected):
    with pytest.raises(ParameterError, match=f"^{re.escape(f'{name}={value!r} must be {expected}')}$"):
        check_parameters({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("lr", 1), ("lr", 1e-300), ("wd", 0), ("n_epochs", np.int64(3)), ("patience", 0), ("seed", 2**32 - 1)],
)
def test_the_ends_of_a_range_belong_to_it(name, value):
    check_parameters({name: value})


def test_a_refused_training_leaves_no_record(toy_library, tmp_path):
    paths = {"data_path": str(toy_library), "experiments_path": str(tmp_path / "runs")}
    for wrong in ({"freeze": "yes"}, {"seed": "abc"}, {"lr": {"a": 1}}):
        with pytest.raises(ParameterError, match=r"^(freeze|seed|lr)=.* must be"):
            training_driver.ex.run(config_updates=paths | wrong)
    assert not (tmp_path / "runs").exists()

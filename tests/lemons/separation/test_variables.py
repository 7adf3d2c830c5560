"""Variables in a file are those that were written, or refused."""

import numpy as np
import pytest

from lemons.errors import DamagedError
from lemons.separation.package import VARIABLES
from lemons.separation.variables import read_variables, write_variables


def test_a_transposed_array_is_read_as_it_was_written(tmp_path, rng):
    kernel = rng.normal(size=(2, 3, 4, 5)).astype(np.float32).transpose(2, 3, 1, 0)
    write_variables(tmp_path, {"conv2d/kernel": kernel}, source="test")
    np.testing.assert_array_equal(read_variables(tmp_path)["conv2d/kernel"], kernel)


def test_a_damaged_file_of_variables_is_noticed(tmp_path, rng):
    write_variables(tmp_path, {"conv2d/bias": rng.normal(size=9).astype(np.float32)}, source="test")
    content = (tmp_path / VARIABLES).read_bytes()
    for damaged in (content[:-1], content[:-1] + b"\0", b"", b"\xff" * 20):
        (tmp_path / VARIABLES).write_bytes(damaged)
        with pytest.raises(DamagedError, match=rf"{VARIABLES} .*take the weights from their source again"):
            read_variables(tmp_path)

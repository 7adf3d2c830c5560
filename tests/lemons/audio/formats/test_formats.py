"""What is whole is read whole, what was cut is refused, whatever the file says of itself."""

import numpy as np
import pytest

from lemons.errors import DataError
from tests.lemons.audio.encoded import DURATION_S, ID3V1, PLAIN, SR, encoded


@pytest.mark.parametrize("suffix", [*PLAIN, "flac", "ogg"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_file_that_was_cut_is_refused(read, suffix, share):
    content = encoded(channels=2, format=suffix)
    whole, _ = read(content, suffix)
    assert len(whole) == DURATION_S * SR
    with pytest.raises(DataError, match=rf"song\.{suffix} is damaged"):
        read(content[: int(len(content) * share)], suffix)


@pytest.mark.parametrize("suffix", PLAIN)
def test_what_comes_behind_the_sound_costs_nothing(read, suffix):
    content = encoded(format=suffix, subtype="PCM_16")
    np.testing.assert_array_equal(read(content + ID3V1, suffix)[0], read(content, suffix)[0])

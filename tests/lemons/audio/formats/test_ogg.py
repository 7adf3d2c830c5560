"""Ogg files are followed from the first page to the last."""

import io

import numpy as np
import pytest
import soundfile

from lemons.errors import DataError
from tests.lemons.audio.encoded import encoded, tone


@pytest.mark.parametrize("suffix", ["flac", "ogg"])
def test_a_chain_is_heard_to_its_last_stream(read, suffix):
    content = encoded(format=suffix)
    once, _ = read(content, suffix)
    np.testing.assert_array_equal(read(content + content, suffix)[0], np.concatenate([once, once]))
    with pytest.raises(DataError, match="22050 and 44100"):
        read(content + encoded(22050, format=suffix), suffix)


def without_last_page(content):
    return content[: content.rindex(b"OggS")]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_file_without_its_last_page_is_refused(read, subtype):
    file = io.BytesIO()
    soundfile.write(file, tone(48000), 48000, format="OGG", subtype=subtype)
    with pytest.raises(DataError, match="its last page is missing"):
        read(without_last_page(file.getvalue()), "ogg")

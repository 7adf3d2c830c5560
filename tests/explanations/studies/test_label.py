"""What a tagger makes of a guitar, in a game whose answers are known on paper."""

import numpy as np
import pytest
import torch
from torch import nn

from explanations.studies.label import answers_to_stems, study
from lemons.errors import DataError
from lemons.exact import Block, LocalModel, score_table


class Loudness(nn.Module):
    """The mean power in frames of 100 samples, times a gain, less 3."""

    def __init__(self, gain):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 1, 1), nn.Linear(1, 1)
        for parameter, value in zip(self.parameters(), (1, 0, gain, -3), strict=True):
            parameter.data.fill_(value)
        self.eval()

    def local_model(self):
        return LocalModel(
            n_fft=100,
            hop_length=100,
            pad=0,
            stft=lambda y: y.double().unfold(1, 100, 100).transpose(1, 2).to(torch.complex128),
            columns=lambda frames: frames.real.square().mean(dim=1, keepdim=True).float(),
            blocks=[Block(self.conv)],
            pools=("mean",),
            head=self.head,
        )


@pytest.mark.parametrize(("gain", "named"), [(100, "guitar"), (-100, "nothing")])
def test_power_that_adds_up_is_shared_out_by_power(gain, named):
    """A guitar of 0.2, a rest of 0.1, a quarter of a period apart: powers 0.04 / 2 and 0.01 / 2, which add up."""
    phase = 2 * np.pi * np.arange(5000) / 50
    table = score_table(Loudness(gain), np.stack([0.2 * np.sin(phase), 0.1 * np.cos(phase)]).astype(np.float32), 5)
    found = answers_to_stems(table)
    expected = {"mix": 0.025, "rest": 0.005, "guitar": 0.02, "silence": 0}
    assert {name: (found[name] + 3) / gain for name in expected} == pytest.approx(expected, abs=1e-5)
    assert found["gain"] / gain == pytest.approx(found["by guitar"] / gain) == pytest.approx(0.02, abs=1e-5)
    assert found["by rest"] / gain == pytest.approx(0.005, abs=1e-5)
    assert (found["names"], found["fidelity"]) == (named, pytest.approx(1, abs=1e-6))


def test_a_folder_without_songs_says_what_a_song_is(tmp_path):
    (tmp_path / "guitar.ogg").touch()
    with pytest.raises(DataError, match=r"no song in .*: none of its folders has both guitar.ogg and song.ogg"):
        study(tmp_path, None, ["guitar"])

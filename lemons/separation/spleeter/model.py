"""Spleeter, the separator: spectrogram, masks, stems."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from lemons.errors import DataError, ParameterError
from lemons.separation.separator import Separator
from lemons.separation.spleeter.configuration import PUBLISHED, Configuration, read_configuration
from lemons.separation.spleeter.stretches import Counted, as_long_as, overlapping, resample
from lemons.separation.spleeter.weights import build_unets
from lemons.separation.variables import read_variables

__all__ = ["Spleeter", "load_spleeter"]

VERSION = 1  # of what this module computes; part of the fingerprint
EPSILON = 1e-10  # shared by the stems where all are silent
GAIN = 2 / 3  # of two Hann windows, one after the other, where four frames overlap: 1 / (4 * 3 / 8)


class Spleeter(Separator):
    """Spleeter's U-Nets (Hennequin et al., "Spleeter", JOSS 5(50), 2020), without TensorFlow.

    Every stem has a network that reads the magnitudes of the mix; the ratios of what they find are masks for the mix's
    spectrogram. Segments of T frames (11.9 s) are independent, so a track of any length needs the memory of one.

    The masks of the published models end at 11 kHz (``F``); what is above, cymbals and breath, is in none of the
    estimates. This residual goes to "other", which by its name is what the named instruments are not, or to
    "accompaniment", which has the cymbals. At the 16 kHz of LEMONS it is not heard: below 11 kHz the masks sum to one,
    so that only the rounding to 16 bits is left there, -89 dBFS or less in music and in white noise.

    Parameters
    ----------
    name : str
        such as ``"spleeter:5stems"``
    configuration : Configuration
        what the weights were trained with
    variables : mapping of str to np.ndarray
        the weights, under TensorFlow's names
    device : str or torch.device, optional
        where the networks compute; default: the CPU

    Raises
    ------
    ParameterError
        if the name or the device is unknown
    DataError
        if the weights do not fit the name or the configuration
    """

    def __init__(
        self,
        name: str,
        configuration: Configuration,
        variables: Mapping[str, np.ndarray],
        *,
        device: str | torch.device | None = None,
    ):
        self.name = name
        self.configuration = configuration
        self.stems = configuration.instruments
        self.residual_stem = next((s for s in ("other", "accompaniment") if s in self.stems), self.stems[-1])
        digest = hashlib.sha256(repr(configuration).encode())
        for key in sorted(variables):
            digest.update(key.encode())
            digest.update(np.ascontiguousarray(variables[key]).data)
        self.fingerprint = f"spleeter {VERSION} {digest.hexdigest()[:16]}"
        self._device = _check_device(device or "cpu")
        self._networks = build_unets(configuration, variables).to(self._device)
        self._window = torch.hann_window(configuration.frame_length, device=self._device)

    def estimates(self, blocks: Iterable[np.ndarray], sr: int) -> Iterator[np.ndarray]:
        """Estimate the stems of a mix, in constant memory; see `Separator.estimates`."""
        counted = Counted(blocks)
        resampled = Counted(resample(counted, sr, self.configuration.sample_rate))
        stems = as_long_as(resampled, self._estimates(resampled, mono=True))
        yield from as_long_as(counted, resample((s[:, 0] for s in stems), self.configuration.sample_rate, sr))

    def separate_stereo(self, waveform: np.ndarray) -> dict[str, np.ndarray]:
        """Estimate stereo stems, as Spleeter itself returns them: no residual, no rounding.

        Parameters
        ----------
        waveform : np.ndarray [shape=(2, n_samples), dtype=float32]
            at the model's own rate, 44.1 kHz

        Returns
        -------
        dict of str to np.ndarray [shape=(2, n_samples), dtype=float32]
        """
        whole = Counted([np.asarray(waveform, np.float32)])
        stems = np.concatenate([*as_long_as(whole, self._estimates(whole, mono=False))], axis=2)
        return dict(zip(self.stems, stems, strict=True))

    def _estimates(self, stretches: Iterable[np.ndarray], *, mono: bool) -> Iterator[np.ndarray]:
        """Stems (n_stems, 1 or 2 channels, n_samples) of a mix at the model's rate; the end is up to a frame late."""
        length, step = self.configuration.frame_length, self.configuration.frame_step
        early = length  # samples that come before the mix begins
        tail = np.zeros(1, np.float32)  # what earlier frames give to later samples
        for segment in overlapping(stretches, n_frames=self.configuration.T, frame_length=length, frame_step=step):
            stems = self._separate(segment, mono)
            stems[..., : tail.shape[-1]] += tail
            tail = stems[..., step - length :]
            yield stems[..., early : step - length]
            early = 0

    @torch.inference_mode()
    def _separate(self, segment: np.ndarray, mono: bool) -> np.ndarray:
        """Stems of a segment of at most T whole frames, as far as its own frames give them."""
        step = self.configuration.frame_step
        frames = torch.from_numpy(segment).to(self._device).unfold(1, len(self._window), step)
        spectra = torch.fft.rfft(frames * self._window)  # (2, k, bins)
        masks = self._masks(spectra[..., : self.configuration.F].abs())
        n_frames = spectra.shape[1]
        stems = torch.zeros(len(self.stems), 1 if mono else 2, n_frames + 3, step, device=self._device)
        for stem, mask in zip(stems, masks, strict=True):
            masked = mask * spectra[..., : mask.shape[-1]]  # what the mask does not reach is zero
            if mono:
                masked = masked.mean(dim=0, keepdim=True)
            frames = torch.fft.irfft(masked, len(self._window)) * (self._window * GAIN)
            for quarter, part in enumerate(frames.unflatten(2, (4, step)).unbind(2)):
                stem[:, quarter : quarter + n_frames] += part
        return stems.flatten(2).cpu().numpy()

    def _masks(self, magnitudes: torch.Tensor) -> torch.Tensor:
        """Masks (n_stems, 2, k, bins that are kept) for k <= T frames (2, k, F)."""
        n_frames, n_stems = magnitudes.shape[1], len(self.stems)
        whole = F.pad(magnitudes, (0, 0, 0, self.configuration.T - n_frames))[None]
        # TensorFloat-32, a GPU's default for convolutions, would move the stems by more than 16-bit rounding
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            logits = torch.cat([network(whole)[:, :, :n_frames] for network in self._networks])
        shares = logits.softmax(dim=0) if self.configuration.softmax else logits.sigmoid_()
        powers = shares.mul_(magnitudes).pow_(self.configuration.exponent)
        total = powers.sum(dim=0).add_(EPSILON)
        masks = powers.add_(EPSILON / n_stems).div_(total)
        if self.configuration.mask_extension == "average":
            n_above = self.configuration.frame_length // 2 + 1 - self.configuration.F
            masks = torch.cat([masks, masks.mean(dim=3, keepdim=True).expand(-1, -1, -1, n_above)], dim=3)
        return masks


def load_spleeter(name: str, weights: str | os.PathLike, *, device: str | torch.device | None = None) -> Spleeter:
    """Load a Spleeter model from a folder of weights: of the official release, of a package, or of other training.

    Parameters
    ----------
    name : {"spleeter:2stems", "spleeter:4stems", "spleeter:5stems"}
        which model; its published configuration holds, unless the folder has one in Spleeter's JSON format as
        ``config.json``, or beside it under the folder's name and ``.json``
    weights : path-like
        the folder with ``checkpoint``, ``model.index`` and ``model.data-00000-of-00001``, or with
        ``variables.safetensors``
    device : str or torch.device, optional
        where the networks compute, such as ``"cuda:0"``; default: the CPU

    Returns
    -------
    Spleeter

    Raises
    ------
    ParameterError
        if the name or the device is unknown
    DataError
        if a file is missing or damaged, or the weights do not fit the name or the configuration
    """
    if name not in PUBLISHED:
        raise ParameterError(f"name={name!r} is no Spleeter model; choose one of {', '.join(PUBLISHED)}")
    weights = Path(weights)
    configuration, n_stems = PUBLISHED[name], len(PUBLISHED[name].instruments)
    for path in (weights / "config.json", weights.with_name(weights.name + ".json")):
        if path.is_file():
            configuration = read_configuration(path)
            if len(configuration.instruments) != n_stems:
                found = f"{len(configuration.instruments)} instruments"
                raise DataError(f"{path} has {found}, but {name} has {n_stems}; choose the separator that it is for")
            break
    return Spleeter(name, configuration, read_variables(weights), device=device)


def _check_device(device: str | torch.device) -> torch.device:
    """The device, or a ParameterError with PyTorch's reason when it is missing."""
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ParameterError(f"device={device!r} cannot be used here ({reason}); choose cpu, or cuda:0") from error

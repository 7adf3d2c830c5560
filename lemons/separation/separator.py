"""What every separator does: stems that sum to the mix.

Conventions: audio comes in as blocks of stereo float32, shape (2, n_samples), at the file's own rate, in [-1, 1); stems
go out mono, at the same rate, on the grid of a 16-bit file (multiples of 2^-15). The *mix* is the mean of the channels,
rounded to that grid. A method's *estimates* of its stems need not sum to the mix; what they leave of
it, the *residual*, is added to one stem, `Separator.residual_stem`, so that the stems sum to the mix, bit for bit. A
stem may exceed full scale, where stems cancel each other in the mix. A mix above full scale is scaled as a whole before
it is separated (`lemons.audio.level`), and so are its stems.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lemons.arguments import whole
from lemons.audio import RATES, quantize, round_16_bit, validate_audio
from lemons.audio.level import gain_for, scale, tell_gain
from lemons.audio.recording import BLOCK_LENGTH
from lemons.errors import DataError, ParameterError
from lemons.progress import Progress

__all__ = ["Block", "Separator"]

HIGHEST = 32.0  # times full scale: five such stems still fit into a 24-bit file at a gain of 2^-8


@dataclass(frozen=True)
class Block:
    """A stretch of separated audio.

    Attributes
    ----------
    stems : np.ndarray [shape=(n_stems, n_samples), dtype=float32]
        on the 16-bit grid; their sum is the mix
    mix : np.ndarray [shape=(n_samples,), dtype=float32]
        mean of the channels, on the 16-bit grid
    residual : np.ndarray [shape=(n_samples,), dtype=float32]
        what was added to the residual stem beyond the method's estimate
    """

    stems: np.ndarray
    mix: np.ndarray
    residual: np.ndarray


class Separator(ABC):
    """A way of taking a mix apart.

    Attributes
    ----------
    name : str
        as `lemons.separation.get_separator` takes it
    stems : tuple of str
        names of the stems, in their order
    residual_stem : str
        the stem that receives what the estimates leave of the mix
    fingerprint : str
        changes whenever results would: names the method's version, and a hash of its weights and configuration
    max_s : float
        the longest mix that the method can take, in seconds; infinite for one that goes through it piece by piece

    Examples
    --------
    >>> class Sides(Separator):
    ...     name, stems, residual_stem, fingerprint = "sides", ("left", "right"), "right", "sides-1"
    ...
    ...     def estimates(self, blocks, sr):
    ...         for block in blocks:
    ...             yield block / 2
    >>> (block,) = Sides().stream([np.array([[0.5, 0.0], [0.0, 0.25]], np.float32)], 16_000)
    >>> block.stems.tolist(), block.mix.tolist()
    ([[0.25, 0.0], [0.0, 0.125]], [0.25, 0.125])
    """

    name: str
    stems: tuple[str, ...]
    residual_stem: str
    fingerprint: str
    max_s: float = np.inf

    @abstractmethod
    def estimates(self, blocks: Iterable[np.ndarray], sr: int) -> Iterator[np.ndarray]:
        """Estimate the stems of a mix.

        Parameters
        ----------
        blocks : iterable of np.ndarray [shape=(2, n_samples), dtype=float32]
            consecutive stretches of the mix, of any lengths
        sr : int > 0
            their sampling rate, in Hz

        Yields
        ------
        np.ndarray [shape=(n_stems, n_samples), dtype=float32]
            consecutive stretches of the mono stems, of any lengths; together as long as the mix
        """

    def of(self, path: Path) -> "Separator":
        """The separator for one file: itself, but where its stems depend on the file; DataError as when it was made."""
        return self

    def scaled_estimates(self, blocks: Iterable[np.ndarray], sr: int, gain: float) -> Iterator[np.ndarray]:
        """The `estimates` of a mix that was multiplied by a gain; what takes stems from elsewhere scales them here."""
        return self.estimates(blocks, sr)

    def check_length(self, n_samples: int, sr: int, name: object = "the audio") -> None:
        """Refuse, with a DataError, a mix that is too long for the method, before the work begins."""
        if n_samples > self.max_s * sr:
            limit = f"{self.name} takes {self.max_s / 60:g} min at most"
            hint = "cut out a part of it, or choose hpss or Spleeter, which take any length"
            raise DataError(f"{name} lasts {n_samples / sr / 60:.1f} min and {limit}; {hint}")

    def stream(self, blocks: Iterable[np.ndarray], sr: int, *, gain: float = 1.0) -> Iterator[Block]:
        """Separate a mix block by block, with as little memory as the method allows.

        Parameters
        ----------
        blocks : iterable of np.ndarray [shape=(2, n_samples), dtype=float32]
            consecutive stretches of the mix, of any lengths
        sr : int > 0
            their sampling rate, in Hz
        gain : float > 0
            what the mix was multiplied by before

        Yields
        ------
        Block

        Raises
        ------
        DataError
            if the mix, or what the method makes of it, holds values that are not numbers or far beyond full scale
        """
        waiting = [np.zeros(0, np.float32)]  # what was read of the mix but not separated yet

        def read() -> Iterator[np.ndarray]:
            for block in blocks:
                if not np.isfinite(block).all():
                    raise DataError("the audio holds samples that are not numbers (NaN or infinite); export it again")
                waiting.append(quantize(block.mean(axis=0)))
                yield block

        rest = self.stems.index(self.residual_stem)
        for estimates in self.scaled_estimates(read(), sr, gain):
            if not np.abs(estimates).max(initial=0) <= HIGHEST:
                raise DataError(f"{self.name} made stems far beyond full scale, or not numbers; are these its weights?")
            if len(waiting) > 1:
                waiting[:] = [np.concatenate(waiting)]
            mix, waiting[0] = np.split(waiting[0], [estimates.shape[1]])
            stems = round_16_bit(estimates)
            residual = mix - stems.sum(axis=0)
            stems[rest] += residual
            yield Block(stems, mix, residual)
        if left := sum(map(len, waiting)):
            raise DataError(f"{self.name} left the last {left} samples of the mix unseparated")

    def separate(self, waveform: np.ndarray, sr: int, *, progress: Progress | None = None) -> dict[str, np.ndarray]:
        """Separate a waveform.

        Parameters
        ----------
        waveform : np.ndarray [shape=(n_samples,) or (2, n_samples)]
            the mix, in [-1, 1); a mono one is taken for both channels. One that exceeds full scale is scaled as a
            whole, and a warning is logged
        sr : int > 0
            its sampling rate, in Hz
        progress : callable, optional
            called as ``progress(done, total)`` with numbers of separated samples; may raise to cancel

        Returns
        -------
        dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
            the stems, in the order of `stems`; they sum to the mean of the channels, rounded to 16 bits

        Raises
        ------
        ParameterError
            if the waveform is not floats of one or two channels, or the rate is outside `lemons.audio.RATES`
        DataError
            if the waveform is empty, silent, shorter than a second or not finite, or too long for the method
        """
        stereo = _as_stereo(waveform, sr)
        total = stereo.shape[1]
        self.check_length(total, sr)
        gain = gain_for(float(np.abs(stereo.mean(axis=0)).max()))
        tell_gain("the waveform", gain)
        stereo = scale(stereo, gain)
        stems = np.empty((len(self.stems), total), np.float32)
        done = 0
        for block in self.stream(np.split(stereo, range(BLOCK_LENGTH, total, BLOCK_LENGTH), axis=1), sr, gain=gain):
            stems[:, done : done + len(block.mix)] = block.stems
            done += len(block.mix)
            if progress is not None:
                progress(done, total)
        return dict(zip(self.stems, stems, strict=True))


def _as_stereo(waveform: np.ndarray, sr: int) -> np.ndarray:
    whole("sr", sr, least=RATES[0], most=RATES[1], hint=" Hz")
    if not isinstance(waveform, np.ndarray) or waveform.ndim != 2:
        validate_audio(waveform, sr=sr)
        waveform = np.stack([waveform, waveform])
    if len(waveform) != 2 or not np.issubdtype(waveform.dtype, np.floating):
        found = f"{waveform.dtype} {waveform.shape}"
        raise ParameterError(f"a waveform must be floats of shape (n_samples,) or (2, n_samples), not {found}")
    validate_audio(waveform.mean(axis=0), sr=sr)
    return waveform.astype(np.float32, copy=False)

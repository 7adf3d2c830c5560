"""The answers to every mix of a track's components, small enough to travel: what if this stem were silent?

After one pass of the exact engine a logit is a few additions and, for each channel, a maximum over groups of columns
(`lemons.exact.table`). What the mean pooling gives is one number per group and state once the head has weighed it, so a
table of some megabytes, in a file or in a browser, answers for all 2^25 mixes without the model and without the sound.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lemons.checksums import arrays_checksum, read_npz, write_npz
from lemons.errors import DamagedError, DataError

if TYPE_CHECKING:
    from lemons.exact import ScoreTable

__all__ = ["WhatIf", "load_what_if", "make_what_if", "what_if_of_answers"]

MAX_VALUES = 2**22  # 16 MB in float32: short segments beside the receptive field make tables too large to load


@dataclass(frozen=True)
class WhatIf:
    """The parts of a logit, by group of neighbouring segments and by state of their components.

    Attributes
    ----------
    sounding : np.ndarray [shape=(n_segments, n_rows), dtype=bool]
        the components that are not silent; the others are in no state
    spans : np.ndarray [shape=(n_groups, 2), dtype=int]
        first and last segment that a group depends on
    shares : np.ndarray [shape=(n_states,), dtype=float32]
        what the mean pooling adds to the logit, for all states of the first group, then for those of the second, ...
    maxima : np.ndarray [shape=(n_states, n_channels), dtype=float32]
        each channel's maximum over the group's columns; no channels without maximum pooling
    gains : np.ndarray [shape=(n_channels,), dtype=float32]
        the head's weights of the maxima
    bias : float
        the head's

    The state of a group is the number whose bits are its sounding components, segment by segment and row by row, the
    first of them the most significant.
    """

    sounding: np.ndarray
    spans: np.ndarray
    shares: np.ndarray
    maxima: np.ndarray
    gains: np.ndarray
    bias: float

    def logits(self, masks: np.ndarray) -> np.ndarray:
        """The model's logits (n_masks,) for masks (n_masks, n_components) of zeros and ones.

        They are within float32's rounding, some 1e-5, of those of the `ScoreTable` it was made of.
        """
        switches = np.asarray(masks, dtype=np.int64).reshape(-1, *self.sounding.shape)
        logits = np.full(len(switches), self.bias)
        maxima = np.full((len(switches), len(self.gains)), -np.inf, dtype=np.float32)
        start = 0
        for first, last in self.spans:
            segments = slice(first, last + 1)
            bits = switches[:, segments][:, self.sounding[segments]]
            rows = start + bits @ (1 << np.arange(bits.shape[1])[::-1])
            logits += self.shares[rows]
            np.maximum(maxima, self.maxima[rows], out=maxima)
            start += 1 << bits.shape[1]
        return logits + maxima.astype(np.float64) @ self.gains if len(self.gains) else logits

    @property
    def layout(self) -> dict:
        """What a reader of `to_bytes` has to know: ``groups``, ``sounding`` and ``n_channels``, as JSON takes them."""
        groups = self.spans.tolist()
        return {"groups": groups, "sounding": self.sounding.astype(int).tolist(), "n_channels": len(self.gains)}

    def to_bytes(self) -> bytes:
        """All numbers as little-endian float32: bias, gains, then of each group its shares and its maxima."""
        parts, start = [np.array([self.bias], np.float32), self.gains], 0
        for first, last in self.spans:
            stop = start + (1 << int(self.sounding[first : last + 1].sum()))
            parts += [self.shares[start:stop], self.maxima[start:stop].ravel()]
            start = stop
        return np.concatenate(parts).astype("<f4").tobytes()

    @property
    def checksum(self) -> str:
        """SHA-256 of all its numbers, by which an explanation knows its own."""
        return arrays_checksum(vars(self))

    def save(self, path: str | os.PathLike) -> None:
        """Write it as npz with its checksum, whole or not at all; DataError if that fails."""
        write_npz(path, vars(self))


def make_what_if(table: "ScoreTable") -> WhatIf | None:
    """The answers that a table holds, in a form that can travel.

    Parameters
    ----------
    table : ScoreTable
        what a pass of the exact engine found

    Returns
    -------
    WhatIf or None
        None when the model's head is not linear, so that logits are no sums, or the table is too large to travel
    """
    import torch
    from torch import nn

    groups, head, pools = table.pooled.groups, table.pooled.head, table.pooled.pools
    n_values = sum(len(group.sums) * (1 + group.maxima.shape[1]) for group in groups)
    if not isinstance(head, nn.Linear) or n_values > MAX_VALUES:
        return None
    weights = dict(zip(pools, head.weight[0].detach().double().chunk(len(pools)), strict=True))
    mean, gains = weights.get("mean"), weights.get("max")
    zeros = [torch.zeros(len(group.sums)) for group in groups]
    shares = zeros if mean is None else [group.sums @ mean / table.pooled.n_cells for group in groups]
    maxima = [group.maxima if gains is not None else group.maxima[:, :0] for group in groups]
    return WhatIf(
        sounding=table.sounding.astype(bool),
        spans=np.array([(group.first, group.last) for group in groups]),
        shares=torch.cat(shares).float().cpu().numpy(),
        maxima=torch.cat(maxima).float().cpu().numpy(),
        gains=np.zeros(0, np.float32) if gains is None else gains.float().cpu().numpy(),
        bias=0.0 if head.bias is None else float(head.bias.detach()[0]),
    )


def what_if_of_answers(answers: np.ndarray, sounding: np.ndarray) -> WhatIf | None:
    """The answers to all mixes, one by one.

    Parameters
    ----------
    answers : np.ndarray [shape=(2**n_sounding,)]
        in the order of `lemons.exact.masks.mask_rows`
    sounding : np.ndarray [shape=(n_segments, n_rows), dtype=bool]
        which components the masks are of

    Returns
    -------
    WhatIf or None
        None when they are too many to travel
    """
    if len(answers) > MAX_VALUES:
        return None
    return WhatIf(
        sounding=sounding,
        spans=np.array([(0, len(sounding) - 1)]),
        shares=answers.astype(np.float32),
        maxima=np.zeros((len(answers), 0), np.float32),
        gains=np.zeros(0, np.float32),
        bias=0.0,
    )


def load_what_if(path: str | os.PathLike) -> WhatIf:
    """Read what was saved.

    Raises
    ------
    DataError
        if there is no such file, it is damaged, or it holds something else
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"no such file: {path}; compute the explanation beside it again")
    try:
        fields = read_npz(path)
        bias = float(fields.pop("bias"))
        what_if = WhatIf(**fields, bias=bias)
        _check_shapes(what_if)
    except (DamagedError, KeyError, TypeError, ValueError, IndexError) as error:
        raise DamagedError(f"{path} holds no answers to mixes ({error}); delete it and compute it again") from error
    return what_if


def _check_shapes(what_if: WhatIf) -> None:
    """Refuse, with a ValueError, arrays that do not fit each other."""
    sounding, spans = what_if.sounding, what_if.spans
    if sounding.ndim != 2 or sounding.dtype != bool or spans.ndim != 2 or spans.shape[1:] != (2,):
        raise ValueError(f"sounding of shape {sounding.shape}, spans of shape {spans.shape}")
    if not ((spans[:, 0] >= 0) & (spans[:, 0] <= spans[:, 1]) & (spans[:, 1] < len(sounding))).all():
        raise ValueError("spans of other segments")
    n_states = sum(1 << int(sounding[first : last + 1].sum()) for first, last in spans)
    expected = {"shares": (n_states,), "maxima": (n_states, len(what_if.gains)), "gains": (len(what_if.gains),)}
    if wrong := [name for name, shape in expected.items() if getattr(what_if, name).shape != shape]:
        raise ValueError(f"{', '.join(wrong)} of other shapes than {n_states} states have")

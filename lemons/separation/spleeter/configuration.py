"""What a Spleeter model was built with: the three published ones, and files in Spleeter's own format."""

import os
from dataclasses import dataclass

from lemons.checksums import read_json
from lemons.errors import DamagedError, DataError

__all__ = ["N_LAYERS", "PUBLISHED", "Configuration", "read_configuration"]

N_LAYERS = 6  # of a U-Net; each halves time and frequency
ACTIVATIONS = ("ReLU", "LeakyReLU", "ELU")
MASK_EXTENSIONS = ("zeros", "average")
KINDS = ("unet.unet", "unet.softmax_unet")


@dataclass(frozen=True)
class Configuration:
    """What a Spleeter model was built with, under Spleeter's names.

    Attributes
    ----------
    instruments : tuple of str
        the stems, in the order of their networks
    softmax : bool
        whether the stems' masks are drawn together (softmax), or each alone (sigmoid)
    conv_activation, deconv_activation : {"ReLU", "LeakyReLU", "ELU"}
        of the convolutions and of the transposed ones; the weights fit any, so a wrong one goes unnoticed
    conv_n_filters : tuple of int
        channels of the six convolutions
    sample_rate : int
        in Hz
    frame_length, frame_step : int
        of the STFT, in samples; four frames overlap
    T : int
        frames that the network sees at once
    F : int
        bins, from 0 Hz, that it sees; `mask_extension` decides what is above
    mask_extension : {"zeros", "average"}
        what the masks are above bin F: nothing passes, or the mean of the bins below
    exponent : float
        of the magnitudes whose ratios are the masks
    """

    instruments: tuple[str, ...]
    softmax: bool = False
    conv_activation: str = "LeakyReLU"
    deconv_activation: str = "ReLU"
    conv_n_filters: tuple[int, ...] = (16, 32, 64, 128, 256, 512)
    sample_rate: int = 44100
    frame_length: int = 4096
    frame_step: int = 1024
    T: int = 512
    F: int = 1024
    mask_extension: str = "zeros"
    exponent: float = 2


PUBLISHED = {
    "spleeter:2stems": Configuration(("vocals", "accompaniment")),
    "spleeter:4stems": Configuration(
        ("vocals", "drums", "bass", "other"), conv_activation="ELU", deconv_activation="ELU"
    ),
    "spleeter:5stems": Configuration(
        ("vocals", "piano", "drums", "bass", "other"), softmax=True, conv_activation="ELU", deconv_activation="ELU"
    ),
}


def read_configuration(path: str | os.PathLike) -> Configuration:
    """Read a model's configuration in Spleeter's JSON format.

    Parameters
    ----------
    path : path-like
        a file such as those that Spleeter brings; what concerns training is not looked at

    Returns
    -------
    Configuration

    Raises
    ------
    DataError
        if the file cannot be read or asks for what LEMONS does not do
    """
    try:
        data = read_json(path)
        model = data.get("model") or {}
        params = model.get("params") or {}
        kind = model.get("type", "unet.unet")
        found = Configuration(
            instruments=tuple(data["instrument_list"]),
            softmax=kind == "unet.softmax_unet",
            conv_activation=params.get("conv_activation", "LeakyReLU"),
            deconv_activation=params.get("deconv_activation", "ReLU"),
            conv_n_filters=tuple(params.get("conv_n_filters", Configuration.conv_n_filters)),
            **{name: data[name] for name in ("sample_rate", "frame_length", "frame_step", "T", "F")},
            mask_extension=data["mask_extension"],
            exponent=data["separation_exponent"],
        )
        _check(found, kind, data["n_channels"])
    except DamagedError as error:
        reason = str(error).removeprefix(f"{path} ")
        raise DataError(f"{path} is not a configuration that LEMONS can use: it {reason}") from error
    except DataError as error:
        raise DataError(f"{error}; it should be a configuration of Spleeter") from error
    except KeyError as error:
        raise DataError(f"{path} has no {error}; it should be a configuration of Spleeter") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is not a configuration that LEMONS can use: {error}") from error
    return found


def _check(found: Configuration, kind: str, n_channels: int) -> None:
    """Refuse, with a ValueError, what the network here does not compute."""
    unit = 2**N_LAYERS
    names, filters = found.instruments, found.conv_n_filters
    sizes = (found.sample_rate, found.frame_length, found.frame_step, found.T, found.F, *filters)
    if not all(type(n) is int and n > 0 for n in sizes):
        raise ValueError(f"sizes {sizes} must be positive integers")
    n_bins = found.frame_length // 2 + 1
    activations = {found.conv_activation, found.deconv_activation}
    texts = all(isinstance(name, str) for name in names)
    demands = [
        (kind in KINDS, f"model type {kind!r} must be {' or '.join(KINDS)}"),
        (n_channels == 2, f"n_channels={n_channels} must be 2"),
        (texts and len(set(names)) == len(names) > 1, f"instrument_list={list(names)} must name two stems or more"),
        (len(filters) == N_LAYERS, f"conv_n_filters={list(filters)} must be {N_LAYERS} numbers"),
        (found.frame_length == 4 * found.frame_step, f"frame_length={found.frame_length} must be 4 * frame_step"),
        (found.T % unit == found.F % unit == 0, f"T={found.T} and F={found.F} must be multiples of {unit}"),
        (n_bins >= found.F, f"F={found.F} must not exceed the {n_bins} bins of a frame"),
        (activations <= set(ACTIVATIONS), f"activations {activations} must be among {', '.join(ACTIVATIONS)}"),
        (
            found.mask_extension in MASK_EXTENSIONS,
            f"mask_extension={found.mask_extension!r} must be {' or '.join(MASK_EXTENSIONS)}",
        ),
        (found.exponent > 0, f"separation_exponent={found.exponent} must be positive"),
    ]
    for met, demand in demands:
        if not met:
            raise ValueError(demand)

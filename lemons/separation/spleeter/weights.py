"""Spleeter's variables, as TensorFlow numbers them, put into U-Nets.

The networks of all stems were built one after the other in one graph, so their layers share one numbering:
``conv2d``, ``conv2d_1`` ... (seven a stem), ``conv2d_transpose`` ... (six), ``batch_normalization`` ... (twelve).
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from lemons.errors import DataError
from lemons.separation.spleeter.configuration import N_LAYERS, Configuration
from lemons.separation.spleeter.unet import N_CHANNELS, PHASES, UNet, dilated_in_phases, doubling_in_phases

__all__ = ["build_unets", "layer_name", "variable_shapes"]

TO_TORCH = (3, 2, 0, 1)  # from (height, width, inputs, outputs), and from (height, width, outputs, inputs)
NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}


def layer_name(kind: str, number: int) -> str:
    """TensorFlow's name of a layer; the first of its kind has no number.

    >>> layer_name("conv2d", 0), layer_name("conv2d", 7)
    ('conv2d', 'conv2d_7')
    """
    return f"{kind}_{number}" if number else kind


def variable_shapes(configuration: Configuration) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the variables that a checkpoint of this configuration has.

    Parameters
    ----------
    configuration : Configuration

    Returns
    -------
    dict of str to tuple of int
        in TensorFlow's layout: kernels are (height, width, inputs, outputs), transposed ones (height, width, outputs,
        inputs)
    """
    filters = configuration.conv_n_filters
    doubled = (*filters[-2::-1], 1)  # outputs of the transposed convolutions
    shapes: dict[str, tuple[int, ...]] = {}
    for stem in range(len(configuration.instruments)):
        kernels = [(5, 5, i, o) for i, o in zip((N_CHANNELS, *filters), filters, strict=False)] + [
            (4, 4, 1, N_CHANNELS)
        ]
        for i, kernel in enumerate(kernels):
            name = layer_name("conv2d", (N_LAYERS + 1) * stem + i)
            shapes |= {f"{name}/kernel": kernel, f"{name}/bias": kernel[-1:]}
        wide = (filters[-1], *(2 * n for n in doubled[:-1]))
        for i, (n_inputs, n_outputs) in enumerate(zip(wide, doubled, strict=True)):
            name = layer_name("conv2d_transpose", N_LAYERS * stem + i)
            shapes |= {f"{name}/kernel": (5, 5, n_outputs, n_inputs), f"{name}/bias": (n_outputs,)}
        for i, n in enumerate((*filters, *doubled)):
            name = layer_name("batch_normalization", 2 * N_LAYERS * stem + i)
            shapes |= {f"{name}/{part}": (n,) for part in NORM}
    return shapes


def build_unets(configuration: Configuration, variables: Mapping[str, np.ndarray]) -> nn.ModuleList:
    """Build the networks of all stems.

    Parameters
    ----------
    configuration : Configuration
        what the variables were trained with
    variables : mapping of str to np.ndarray
        as `lemons.separation.tf_checkpoint.read_checkpoint` gives them; an optimizer's may be among them

    Returns
    -------
    torch.nn.ModuleList of UNet
        in the order of the instruments

    Raises
    ------
    DataError
        if the variables are those of another number of stems or of another network
    """
    shapes = variable_shapes(configuration)
    n_stems = sum(name.startswith("conv2d_transpose") and name.endswith("/kernel") for name in variables) / N_LAYERS
    if n_stems != len(configuration.instruments):
        wanted = f"{len(configuration.instruments)} stems ({', '.join(configuration.instruments)})"
        raise DataError(
            f"the weights are those of {n_stems:g} stems, not of {wanted}; choose the separator they are for"
        )
    for name, shape in shapes.items():
        found = variables[name].shape if name in variables else "nothing"
        if found != shape:
            raise DataError(f"the weights have {found} for {name}, which should be {shape}; are they Spleeter's?")
        if not np.isfinite(variables[name]).all():
            raise DataError(f"the weights have values that are not numbers in {name}; unpack them again")
    networks = nn.ModuleList()
    for stem in range(len(configuration.instruments)):
        with torch.device("meta"):  # no memory and no random numbers for weights that are replaced
            network = UNet(configuration)
        state = {name: torch.from_numpy(array) for name, array in _state(variables, stem).items()}
        counters = {name: torch.tensor(0) for name in network.state_dict() if name.endswith("num_batches_tracked")}
        network.load_state_dict(state | counters, assign=True)
        networks.append(cast(Any, network).to(memory_format=torch.channels_last))  # which PyTorch's types lack
    return networks


def _state(variables: Mapping[str, np.ndarray], stem: int) -> dict[str, np.ndarray]:
    """The parameters of one stem's `UNet`, by their names there."""
    state = {}

    def convolution(target: str, name: str, in_phases: Callable[[np.ndarray], np.ndarray] | None = None) -> None:
        kernel, bias = variables[f"{name}/kernel"].transpose(TO_TORCH), variables[f"{name}/bias"]
        state[f"{target}.weight"] = in_phases(kernel) if in_phases else np.array(kernel)
        state[f"{target}.bias"] = np.repeat(bias, len(PHASES) if in_phases else 1)

    def norm(target: str, name: str, repeats: int = 1) -> None:
        for theirs, ours in NORM.items():
            state[f"{target}.{ours}"] = np.repeat(variables[f"{name}/{theirs}"], repeats)

    down, up, norms = (N_LAYERS + 1) * stem, N_LAYERS * stem, 2 * N_LAYERS * stem
    for i in range(N_LAYERS):
        convolution(f"down.{i}", layer_name("conv2d", down + i))
    for i in range(N_LAYERS - 1):
        norm(f"down_norm.{i}", layer_name("batch_normalization", norms + i))
        convolution(f"up.{i}", layer_name("conv2d_transpose", up + i))
        # the sixth normalization is in the graph, but nothing uses it
        norm(f"up_norm.{i}", layer_name("batch_normalization", norms + N_LAYERS + i))
    convolution("phases", layer_name("conv2d_transpose", up + N_LAYERS - 1), doubling_in_phases)
    norm("phases_norm", layer_name("batch_normalization", norms + 2 * N_LAYERS - 1), len(PHASES))
    convolution("mask", layer_name("conv2d", down + N_LAYERS), dilated_in_phases)
    return state

"""Random weights of a Spleeter model that behave like trained ones: no activation explodes or dies.

The statistics of every normalization are those of a clip, a little off, and masks spread over 0 to 1. Such weights are
as fast as trained ones, and show every difference between two implementations.
"""

import numpy as np
import torch

from lemons.separation.spleeter import Configuration, Spleeter
from lemons.separation.spleeter.weights import layer_name, variable_shapes

LOGIT_STD = 2.0  # of the masks


def random_variables(name: str, configuration: Configuration, clip: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Variables under TensorFlow's names, fitted to a clip (2, n_samples) at the model's rate."""
    rng = np.random.default_rng(seed)
    variables = {"global_step": np.array(seed)}
    for variable, shape in variable_shapes(configuration).items():
        kind = variable.split("/")[1]
        if kind == "kernel":
            n_outputs = shape[2 if "transpose" in variable else 3]
            middle, scale = 0, np.sqrt(2 * n_outputs / np.prod(shape))
        else:
            middle, scale = int(kind in ("gamma", "moving_variance")), 0.1
        variables[variable] = (middle + scale * rng.standard_normal(shape)).astype(np.float32)
    model = Spleeter(name, configuration, variables)
    for stem, network in enumerate(model._networks):
        norms = [*network.down_norm, None, *network.up_norm, network.phases_norm]  # the sixth is not used
        for i, norm in enumerate(norms):
            if norm is not None:
                norm.register_forward_pre_hook(_fit(variables, layer_name("batch_normalization", 12 * stem + i), rng))
        network.mask.register_forward_hook(_spread(variables, layer_name("conv2d", 7 * stem + 6)))
    model.separate_stereo(clip[:, : configuration.frame_step * configuration.T // 2])
    return variables


def _fit(variables, name, rng):
    """A hook that gives a normalization the statistics of what it hears first."""

    def hook(norm, inputs):
        axes = (0, 2, 3) if len(variables[f"{name}/gamma"]) > 1 else (0, 1, 2, 3)  # the last one has four phases
        variance, mean = torch.var_mean(inputs[0], axes)
        for part, found, running in (("mean", mean, norm.running_mean), ("variance", variance, norm.running_var)):
            running.copy_(found * rng.uniform(0.8, 1.25))
            variables[f"{name}/moving_{part}"] = running[: found.numel()].numpy().copy()

    return hook


def _spread(variables, name):
    """A hook that scales the logits' kernel to `LOGIT_STD`."""

    def hook(layer, inputs, output):
        variables[f"{name}/kernel"] = (variables[f"{name}/kernel"] * (LOGIT_STD / output.std().item())).astype(
            np.float32
        )

    return hook

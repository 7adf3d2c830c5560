"""Make golden.npz: logits of the original LEMONS network, for weights that anybody can draw again.

Get the original (``git clone https://github.com/CPJKU/LEMONS``), then, where torchaudio imports, run
``python tests/golden/fcn/make_golden.py LEMONS/recsys/model.py``. The stored file was made with the original's last
commit (5280307), torchaudio 2.9.1 and torch 2.9.1 on 2026-11-22. It holds names and shapes of the state dict and the
logits, no weights: `draw_weights` draws those.
"""

import runpy
import sys
from pathlib import Path

import numpy as np

DRAWN = ("weight", "bias", "running_mean", "running_var")  # the rest (window, filters, counters) keeps its own value


def draw_weights(names: list[str], shapes: list[tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Weights by name, each scaled so that the activations neither die nor explode over five blocks."""
    rng = np.random.default_rng(440)
    weights = {}
    for name, shape in zip(names, shapes, strict=True):
        kind = name.rsplit(".", 1)[-1]
        if kind == "running_var" or (kind == "weight" and len(shape) == 1):
            weights[name] = rng.uniform(0.5, 1.5, shape)
        elif kind == "weight":
            weights[name] = rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
        else:
            weights[name] = 0.1 * rng.standard_normal(shape)
    # decibels: what the first normalisation meets
    weights["spec_bn.running_mean"] = np.array([-20.0])
    weights["spec_bn.running_var"] = np.array([900.0])
    return {name: value.astype(np.float32) for name, value in weights.items()}


if __name__ == "__main__":
    import torch
    import torchaudio

    model = runpy.run_path(sys.argv[1])["FCN"]()
    state = model.state_dict()
    names = [name for name in state if name.endswith(DRAWN)]
    shapes = [tuple(state[name].shape) for name in names]
    model.load_state_dict({**state, **{k: torch.from_numpy(v) for k, v in draw_weights(names, shapes).items()}})
    waveform = np.load(Path(__file__).parents[1] / "logmel" / "golden.npz")["waveform"]
    batch = torch.from_numpy(np.stack([waveform, 0.1 * waveform, np.roll(waveform, 5000), 0 * waveform]))
    with torch.no_grad():
        logits = model.eval()(batch)
    np.savez(
        Path(__file__).with_name("golden.npz"),
        all_names=np.array(list(state)),
        names=np.array(names),
        shapes=np.array([str(shape) for shape in shapes]),
        logits=logits.numpy(),
        versions=np.array([torchaudio.__version__, torch.__version__]),
    )

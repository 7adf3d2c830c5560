"""One optimiser step: loss and gradients, learning rate schedule, precision, and the state of all of them.

A step changes the weights as a function of state and batch alone: restoring the state and giving it the same batches
leads to the same weights, bit for bit (on one machine, with one number of threads; on a GPU as far as PyTorch's kernels
are deterministic).
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from recsys.model import FCN

__all__ = ["PRECISIONS", "SCHEDULES", "TrainStep", "has_bf16"]

# factor of the learning rate at a fraction t, 0 < t <= 1, of all steps
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda t: 1.0,
    "cosine": lambda t: 0.5 + 0.5 * math.cos(math.pi * t),
    "onecycle": lambda t: t / 0.3 if t < 0.3 else 0.5 + 0.5 * math.cos(math.pi * (t - 0.3) / 0.7),
}
PRECISIONS = ("auto", "float32", "bfloat16")


class TrainStep:
    """Binary cross-entropy and Adam.

    The random state of dropout is copied from PyTorch's global generator at construction and is independent afterwards:
    other draws from that generator, those of other instances included, change nothing.

    Parameters
    ----------
    model : FCN
        on the device to train on
    n_steps : int > 0
        number of batches in the whole training, for the schedule
    lr, wd, schedule, precision, freeze
        see `recsys.training.trainer.Trainer`, which checks them
    """

    def __init__(
        self,
        model: FCN,
        *,
        n_steps: int,
        lr: float = 1e-3,
        wd: float = 1e-4,
        schedule: str = "constant",
        precision: str = "auto",
        freeze: bool = False,
    ):
        self.model = model
        self.device = model.fc.weight.device
        self.freeze = freeze
        self.use_bf16 = precision == "bfloat16" or (precision == "auto" and has_bf16(self.device))
        self._rate = lambda step: lr * SCHEDULES[schedule](step / n_steps)
        self._step = 0
        self._optimizer = torch.optim.Adam((model.fc if freeze else model).parameters(), lr, weight_decay=wd)
        self._rng_state = self._read_generators()

    def losses(self, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> Iterator[torch.Tensor]:
        """Train on batches of waveforms (batch, n_samples) and labels (batch, n_listeners), and yield the loss of each.

        The losses are tensors on the device, since turning each into a number would make the program wait for the GPU.
        """
        for y, labels in batches:
            self.begin_step()
            with torch.set_grad_enabled(not self.freeze):
                mel = self.model.spec(y.to(self.device))
                with self.autocast():
                    maps = self.model.trunk(mel)
            loss = self.loss(maps, labels)
            loss.backward()
            self.end_step()
            yield loss.detach()

    def begin_step(self) -> None:
        """Set modes and learning rate, and clear the gradients."""
        self.model.train(not self.freeze)
        self.model.dropout.train()
        self._step += 1
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate(self._step)
        self._optimizer.zero_grad()

    def autocast(self) -> torch.autocast:
        """The precision of the convolutions."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.use_bf16)

    def loss(self, maps: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Binary cross-entropy of feature maps (batch, 64, ...) and labels (batch, n_listeners), with dropout.

        It is the mean over the labels that are known.
        """
        dtype = self.model.fc.weight.dtype
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            self._set_generators(self._rng_state)
            logits = self.model.head(self.model.pool(maps.to(dtype)))
            self._rng_state = self._read_generators()
        known = (~labels.isnan()).to(dtype)
        weight = (known / known.mean()).to(self.device)  # where all are known: exactly 1, which changes no bit
        return binary_cross_entropy_with_logits(logits, labels.nan_to_num().to(self.device, dtype), weight)

    def end_step(self) -> None:
        """Update the weights by their gradients."""
        self._optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """Weights, Adam's moments, number of steps and random state; not copied: it changes with the model.

        The random state has the name ``chance``, as in the files of earlier versions.
        """
        weights, moments = self.model.state_dict(), self._optimizer.state_dict()
        return {"step": self._step, "model": weights, "optimizer": moments, "chance": self._rng_state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state from `state_dict`."""
        self._step = state["step"]
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._rng_state = self._rng_state | state["chance"]

    def _read_generators(self) -> dict[str, torch.Tensor]:
        """The state of the PyTorch generators that dropout uses."""
        rng_state = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            rng_state["cuda"] = torch.cuda.get_rng_state(self.device)
        return rng_state

    def _set_generators(self, rng_state: dict[str, torch.Tensor]) -> None:
        torch.set_rng_state(rng_state["cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(rng_state["cuda"], self.device)


def has_bf16(device: torch.device) -> bool:
    """Whether the processor has instructions for bfloat16, which make training some twice as fast."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # PyTorch asks the processor, but has no public function that returns the answer (2.6 to 2.13)
    asked = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
    return any(ask() for ask in asked if ask)

"""A model that learns from batches: optimiser, course of the learning rate, precision, and all of it to be kept.

What a step makes of the weights is a function of the state, the batch and nothing else: who restores a learner's state
and gives it the same batches gets the same weights, bit for bit (on one machine, with one number of threads; on a GPU
as far as PyTorch's kernels are deterministic).
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from lemons.errors import ParameterError
from recsys.model import FCN

# factor of the learning rate when a share t, 0 < t <= 1, of all steps is done
SCHEDULES = {
    "constant": lambda t: 1.0,
    "cosine": lambda t: 0.5 + 0.5 * math.cos(math.pi * t),
    "onecycle": lambda t: t / 0.3 if t < 0.3 else 0.5 + 0.5 * math.cos(math.pi * (t - 0.3) / 0.7),
}
PRECISIONS = ("auto", "float32", "bfloat16")


class Learner:
    """Binary cross-entropy and Adam.

    Parameters
    ----------
    model : FCN
        on the device to train on
    n_steps : int > 0
        how many batches there will be, for the schedule
    lr, wd, schedule, precision, freeze
        see `recsys.training.fit`

    Raises
    ------
    ParameterError
        if schedule or precision is unknown
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
        if schedule not in SCHEDULES:
            raise ParameterError(f"schedule={schedule!r} is unknown; choose one of {', '.join(SCHEDULES)}")
        if precision not in PRECISIONS:
            raise ParameterError(f"precision={precision!r} is unknown; choose one of {', '.join(PRECISIONS)}")
        self.model = model
        self.device = model.fc.weight.device
        self.freeze = freeze
        self.use_bf16 = precision == "bfloat16" or (precision == "auto" and has_bf16(self.device))
        self._rate = lambda step: lr * SCHEDULES[schedule](step / n_steps)
        self._step = 0
        self._optimizer = torch.optim.Adam((model.fc if freeze else model).parameters(), lr, weight_decay=wd)

    def losses(self, batches: Iterator[tuple[torch.Tensor, torch.Tensor]]) -> Iterator[torch.Tensor]:
        """Learn from batches of waveforms (batch, n_samples) and labels (batch, 1); the loss of each, on the device.

        The losses are tensors, since turning each into a number would make the program wait for the GPU.
        """
        self.model.train(not self.freeze)
        self.model.dropout.train()
        for y, labels in batches:
            self._step += 1
            for group in self._optimizer.param_groups:
                group["lr"] = self._rate(self._step)
            y, labels = y.to(self.device), labels.to(self.device)
            with torch.set_grad_enabled(not self.freeze):
                mel = self.model.spec(y)
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.use_bf16):
                    maps = self.model.trunk(mel)
            logits = self.model.head(self.model.pool(maps.float()))
            loss = binary_cross_entropy_with_logits(logits, labels)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            yield loss.detach()

    def state_dict(self) -> dict[str, Any]:
        """Weights, the optimiser's moments, the step and the state of chance; not copied: it changes with the model."""
        chance = {"cpu": torch.get_rng_state()}  # of which dropout is made
        if self.device.type == "cuda":
            chance["cuda"] = torch.cuda.get_rng_state(self.device)
        weights, moments = self.model.state_dict(), self._optimizer.state_dict()
        return {"step": self._step, "model": weights, "optimizer": moments, "chance": chance}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Be as the learner was that gave this state."""
        self._step = state["step"]
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["chance"]["cpu"])
        if self.device.type == "cuda" and "cuda" in state["chance"]:
            torch.cuda.set_rng_state(state["chance"]["cuda"], self.device)


def has_bf16(device: torch.device) -> bool:
    """Whether the processor computes bfloat16 by its own instructions, which makes training some twice as fast."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # PyTorch asks the processor, but has no public way to pass on the answer (2.6 to 2.13)
    asked = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
    return any(ask() for ask in asked if ask)

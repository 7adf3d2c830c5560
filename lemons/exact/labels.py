"""One label of a model that has several, for the exact engine, which answers with one number."""

import copy
from dataclasses import replace

from torch import Tensor, nn

from lemons.errors import ParameterError
from lemons.exact.protocol import LocalModel, local_model_of

__all__ = ["OneLabel"]


class OneLabel(nn.Module):
    """A model of several labels, asked about one of them. One pass of the engine serves them all.

    Parameters
    ----------
    model : nn.Module
        in evaluation mode, with ``local_model()`` whose head is ``nn.Linear``, or ends in it
    label : int >= 0
        its number

    Raises
    ------
    ParameterError
        if the head is another one
    """

    def __init__(self, model: nn.Module, label: int):
        super().__init__()
        self.model, self.label = model, label
        self.head = _row_of(local_model_of(model).head, label)
        self.eval()

    def forward(self, y: Tensor) -> Tensor:
        """The logit (batch, 1) of the label."""
        return self.model(y)[:, self.label : self.label + 1]

    def local_model(self) -> LocalModel:
        """The model's parts, with the label's head."""
        return replace(local_model_of(self.model), head=self.head)

    def trunk_state(self) -> dict[str, Tensor]:
        """The whole model's weights: the same for each of its labels."""
        return {f"{type(self.model).__qualname__}.{name}": value for name, value in self.model.state_dict().items()}


def _row_of(head: nn.Module, label: int) -> nn.Module:
    """A head that gives one of a head's answers."""
    if isinstance(head, nn.Sequential) and len(head):
        *before, last = copy.deepcopy(head)
        return nn.Sequential(*before, _row_of(last, label)).eval()
    if not isinstance(head, nn.Linear):
        raise ParameterError(f"the head ends in {type(head).__name__}; only labels of nn.Linear can be told apart")
    row = nn.Linear(head.in_features, 1, bias=head.bias is not None, dtype=head.weight.dtype, device=head.weight.device)
    row.load_state_dict({name: values[label : label + 1] for name, values in head.state_dict().items()})
    return row

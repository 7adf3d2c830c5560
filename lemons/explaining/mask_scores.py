"""Two ways to a model's answers to mixes of components: all from one pass of the exact engine, or each one scored.

Either way there are ``logits(masks)`` and the ``work`` that they took.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from lemons.audiolime.neighborhood import score_masks
from lemons.errors import ParameterError
from lemons.exact.masks import spread
from lemons.explaining.components import factorize
from lemons.explaining.passes import table_of
from lemons.explaining.question import Question
from lemons.progress import Progress
from lemons.segments import Segments

__all__ = ["ExactScores", "SampledScores"]

PASS_PERCENT = 90  # of the exact method's time; then all masks are enumerated
TOLERANCE = 0.01  # of logits; the engine's are within 0.001 of the model's, unless the model misdescribes itself


class ExactScores:
    """A model's answers to all mixes of the components, from one pass of `lemons.exact`.

    Parameters
    ----------
    question : Question
        with the method ``"exact"``
    model, stems
        those that it is about
    progress : callable or None
        ``progress(percent, 100)``; may raise to cancel

    Attributes
    ----------
    table : ScoreTable
        what the pass found
    work : float
        its multiply-adds, relative to scoring the whole track once

    Raises
    ------
    ParameterError
        if the model describes itself to the engine as another than it is
    DataError
        if the model answers with values that are not numbers
    """

    def __init__(
        self,
        question: Question,
        model: torch.nn.Module,
        stems: Mapping[str, np.ndarray],
        *,
        progress: Progress | None = None,
    ):
        self.work = question.work
        whole = factorize(stems, kind="time", segments=Segments((0, question.segments.borders[-1])))
        expected = float(score_masks(whole, _predictor(model), np.ones((1, 1), dtype=int), batch_size=1)[0, 0])
        report = progress and (lambda done, total: progress(PASS_PERCENT * done // total, 100))
        self.table = table_of(question, model, stems, progress=report)
        found = float(self.logits(np.ones((1, self.table.n_components), dtype=int))[0])
        if not abs(found - expected) <= TOLERANCE * max(abs(expected), 1):
            raise ParameterError(
                f"{type(model).__name__} answers {expected:.4f} to this track, but {found:.4f} as its local_model() "
                "describes it; mend that, or explain it with method='lime'"
            )

    def logits(self, masks: np.ndarray) -> np.ndarray:
        """The model's logits (n_masks,) for the mixes of masks (n_masks, n_components)."""
        return self.table.logits(masks).astype(np.float64)


class SampledScores:
    """A model's answers to mixes of the components that it scored, each distinct mix once.

    Parameters
    ----------
    question, model, stems
        see `ExactScores`; any method
    batch_size : int > 0
        mixes that the model scores at once

    Attributes
    ----------
    sounding : np.ndarray [shape=(n_components,), dtype=bool]
        which components are not silent; switching the others makes no other mix
    """

    def __init__(self, question: Question, model: torch.nn.Module, stems: Mapping[str, np.ndarray], *, batch_size: int):
        kind, segments, baseline = question.kind, question.segments, question.baseline
        self.factorization = factorize(stems, kind=kind, segments=segments, baseline=baseline)
        self.batch_size = batch_size
        compose, components = self.factorization.compose_model_input, range(self.factorization.get_number_components())
        everything_off = compose([])
        self.sounding = np.array([(compose([i]) != everything_off).any() for i in components])
        self._predict = _predictor(model)
        self._known: dict[bytes, float] = {}

    @property
    def work(self) -> float:
        """How many mixes the model scored."""
        return float(len(self._known))

    def logits(self, masks: np.ndarray, *, progress: Progress | None = None) -> np.ndarray:
        """The model's logits (n_masks,) for the mixes of masks (n_masks, n_components)."""
        masks = spread(masks[:, self.sounding], self.sounding)
        names = [mask.astype(bool).tobytes() for mask in masks]
        unscored = [i for i, name in enumerate(names) if name not in self._known]
        if unscored:
            found = score_masks(
                self.factorization, self._predict, masks[unscored], batch_size=self.batch_size, progress=progress
            )
            self._known |= {names[i]: logit for i, logit in zip(unscored, found[:, 0], strict=True)}
        return np.array([self._known[name] for name in names])


def _predictor(model: torch.nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    """The model as audioLIME wants it: mixes (batch, n_samples) in, logits (batch, 1) in float64 out."""
    parameter = next(model.parameters(), None)
    device = "cpu" if parameter is None else parameter.device

    @torch.inference_mode()
    def predict(inputs: np.ndarray) -> np.ndarray:
        logits = model(torch.from_numpy(inputs).float().to(device)).double().cpu().numpy()
        if logits.shape != (len(inputs), 1):
            raise ParameterError(f"the model answers with shape {logits.shape}; it must be (batch, 1)")
        return logits

    return predict

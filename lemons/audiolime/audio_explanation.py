"""What an explanation of a sound says: a weight for each component, and what the components sound like."""

import numpy as np

from lemons.arguments import number, switch, whole
from lemons.audiolime.factorization_base import Factorization
from lemons.errors import ParameterError

__all__ = ["AudioExplanation"]


class AudioExplanation:
    """Weights of a factorization's components, by label.

    Attributes
    ----------
    factorization : Factorization
        whose components are weighed
    neighborhood_data : np.ndarray [shape=(num_samples, n_components)]
        masks, the first of them the full mix
    neighborhood_labels : np.ndarray [shape=(num_samples, n_labels)]
        the model's answers
    intercept, local_exp, score, local_pred : dict by label
        see `lemons.audiolime.lime_base.LimeBase.explain_instance_with_data`
    top_labels : list of int
        the labels explained, the highest answer first; only where ``top_labels`` were asked for

    Examples
    --------
    >>> from lemons.audiolime import LimeAudioExplainer, StemFactorization
    >>> stems = {"vocals": np.full(4, 0.5), "drums": np.full(4, 0.25)}
    >>> def loudness(waveforms):
    ...     return waveforms.sum(axis=1, keepdims=True)
    >>> explainer = LimeAudioExplainer(random_state=0)
    >>> explanation = explainer.explain_instance(StemFactorization(stems, 16000, 1), loudness, num_reg_targets=1)
    >>> explanation
    <AudioExplanation of labels [0]: 2 components, 1000 masks, score 1.000>
    >>> [(component, round(weight, 2)) for component, weight in explanation.local_exp[0]]
    [(0, 1.97), (1, 0.98)]
    """

    def __init__(self, factorization: Factorization, neighborhood_data: np.ndarray, neighborhood_labels: np.ndarray):
        self.factorization = factorization
        self.neighborhood_data = neighborhood_data
        self.neighborhood_labels = neighborhood_labels
        self.intercept: dict[int, float] = {}
        self.local_exp: dict[int, list[tuple[int, float]]] = {}
        self.score: dict[int, float] = {}
        self.local_pred: dict[int, np.ndarray] = {}
        self.top_labels: list[int]

    def __repr__(self) -> str:
        n_masks, n_components = np.shape(self.neighborhood_data)
        scores = ", ".join(f"{score:.3f}" for score in self.score.values()) or "none"
        sizes = f"{n_components} components, {n_masks} masks, score {scores}"
        return f"<AudioExplanation of labels {list(self.local_exp)}: {sizes}>"

    def get_sorted_components(
        self,
        label: int,
        positive_components: bool = True,
        negative_components: bool = True,
        num_components: int | str = "all",
        min_abs_weight: float = 0.0,
        return_indeces: bool = False,
    ):
        """The sound of the components that mattered, in the order of their weights.

        Parameters
        ----------
        label : int
            which label's weights
        positive_components, negative_components : bool
            which signs to take; when only one is wanted, components of weight 0 are left out too
        num_components : int or 'all'
            how many at most
        min_abs_weight : float
            leave out weights smaller than that
        return_indeces : bool
            also return the components' numbers

        Returns
        -------
        components
            what the factorization's `retrieve_components` gives for the components chosen
        indices : np.ndarray of int
            only with ``return_indeces``

        Raises
        ------
        ParameterError
            if the label was not explained, both signs are refused, or ``num_components`` is not a count

        Examples
        --------
        >>> from lemons.audiolime import TimeOnlyFactorization
        >>> halves = TimeOnlyFactorization(np.ones(4), target_sr=1, temporal_segmentation_params=2)
        >>> explanation = AudioExplanation(halves, np.array([[1, 1]]), np.array([[4.0]]))
        >>> explanation.local_exp[0] = [(1, 3.0), (0, -1.0)]
        >>> explanation.get_sorted_components(0, negative_components=False, return_indeces=True)
        (array([0., 0., 1., 1.]), array([1]))
        """
        local_exp = self.weights_of(label)
        positive_components = switch("positive_components", positive_components)
        negative_components = switch("negative_components", negative_components)
        min_abs_weight = number("min_abs_weight", min_abs_weight, least=0)
        if not (positive_components or negative_components):
            raise ParameterError("positive_components, negative_components or both must be True")
        if not (isinstance(num_components, str) and num_components == "all"):
            num_components = whole("num_components", num_components, least=0, hint=", or 'all'")
        chosen = [
            component
            for component, weight in local_exp
            if (negative_components or weight > 0)
            and (positive_components or weight < 0)
            and abs(weight) >= min_abs_weight
        ]
        first = len(chosen) if isinstance(num_components, str) else num_components
        indices = np.array(chosen[:first], dtype=np.int64)
        components = self.factorization.retrieve_components(indices)
        return (components, indices) if switch("return_indeces", return_indeces) else components

    def weights_of(self, label: int) -> list[tuple[int, float]]:
        """Components and weights of a label, the largest first; ParameterError if it was not explained."""
        if whole("label", label, least=0) not in self.local_exp:
            raise ParameterError(f"label={label} was not explained; choose one of {sorted(self.local_exp)}")
        return self.local_exp[int(label)]

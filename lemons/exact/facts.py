"""Facts about the answers to all mixes of a track: what suffices, what is necessary, what does it alone.

Let N be the K components that sound, v(T) the answer to the mix of the components T, and τ a threshold, such as the
relevance at which a listener's list ends. Let m(S) be the least of v(T) over all T that contain S.

* S is *sufficient* when m(S) >= τ: with S on, the answer reaches τ, whatever else is switched.
* C is *necessary* when v(N ∖ C) < τ and v(N ∖ D) >= τ for every proper part D of C: removing C from the full mix takes
  the answer below τ, and removing less of it does not.
* S does it *alone* when v(S) >= τ.

All three are decided by looking at all 2^K answers. Nothing is assumed of v; more sound may well mean a lower answer.
The necessary sets are exactly the minimal sets that meet every minimal sufficient set, and the other way round: the
proofs, and what rounding does to a fact, are in docs/facts.md.

References
----------
Sufficient and necessary sets are the abductive and contrastive explanations of Ignatiev, Narodytska, Asher &
Marques-Silva, "From Contrastive to Abductive Explanations and Back Again", 2020 (arXiv 2012.11067). Smallest sets that
do it alone are the aim of Carter, Mueller, Jain & Gifford, "What made you do this? Understanding black-box decisions
with sufficient input subsets", 2019 (arXiv 1810.03805), who search for them greedily.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lemons.arguments import number, one_of, whole
from lemons.errors import ParameterError
from lemons.exact.checks import check_answers, check_count, check_sounding
from lemons.exact.groups import Description, describe_sets
from lemons.exact.lattice import Family, maximum_over_subsets, minimum_over_supersets
from lemons.exact.minimal import Lister, MinimalSets
from lemons.exact.responsibility import Part, parts_of
from lemons.exact.threshold import Threshold
from lemons.quality.answers import TARGETS

if TYPE_CHECKING:
    from lemons.exact.table import ScoreTable

__all__ = ["Facts", "facts_of", "logit_facts", "table_facts"]

LIMIT = 256  # sets of a kind that are listed


@dataclass(frozen=True)
class Facts:
    """What is exactly true of all answers at a threshold: plain values, which JSON takes (`dataclasses.asdict`).

    Sets hold the numbers of components in the table, ``segment * n_stems + stem``. Silent components are in none.

    Attributes
    ----------
    threshold : float
        τ
    n_components : int
        of the table, the silent ones included
    sounding : tuple of int
        those that are not silent: K of them
    full, silence : float
        answers to the full mix and to silence
    n_reaching : int
        how many of the 2^K mixes reach τ
    sufficient : MinimalSets
        minimal sufficient sets; their values are m(S)
    necessary : MinimalSets
        necessary sets; their values are v(N ∖ C)
    alone : MinimalSets
        minimal sets that do it alone; their values are v(S)
    parts : tuple of Part
        one for each sounding component

    Examples
    --------
    >>> facts = facts_of([0.0, 1.0, 1.0, 1.0], 1.0)  # either of two components is enough
    >>> facts.sufficient.sets, facts.necessary.sets, facts.n_reaching
    (((0,), (1,)), ((0, 1),), 3)
    """

    threshold: float
    n_components: int
    sounding: tuple[int, ...]
    full: float
    silence: float
    n_reaching: int
    sufficient: MinimalSets
    necessary: MinimalSets
    alone: MinimalSets
    parts: tuple[Part, ...]

    @property
    def full_reaches(self) -> bool:
        """Whether the full mix reaches τ. If not, nothing is sufficient, and the empty set is the necessary one."""
        return self.sufficient.size is not None

    @property
    def silence_reaches(self) -> bool:
        """Whether silence does: the empty set does it alone, and no sound is needed for that."""
        return self.alone.size == 0

    @property
    def every_mix_reaches(self) -> bool:
        """Whether all mixes do: the empty set is sufficient, and nothing is necessary."""
        return self.sufficient.size == 0

    @property
    def no_mix_reaches(self) -> bool:
        """Whether no mix does."""
        return self.n_reaching == 0

    def describe(self, n_stems: int, n_segments: int) -> dict[str, Description]:
        """The smallest sets of each kind in whole stems, whole segments and single components.

        Parameters
        ----------
        n_stems, n_segments : int > 0
            whose product is ``n_components``

        Returns
        -------
        dict
            of ``'sufficient'``, ``'necessary'`` and ``'alone'``

        Raises
        ------
        ParameterError
            if the product is another
        """
        n_stems, n_segments = whole("n_stems", n_stems, least=1), whole("n_segments", n_segments, least=1)
        if n_stems * n_segments != self.n_components:
            raise ParameterError(
                f"n_stems={n_stems} times n_segments={n_segments} must be {self.n_components}, the number of components"
            )
        sounding = np.zeros((n_segments, n_stems), dtype=bool)
        sounding.flat[list(self.sounding)] = True
        kinds = {"sufficient": self.sufficient, "necessary": self.necessary, "alone": self.alone}
        return {kind: describe_sets(found.smallest, found.n_smallest, sounding) for kind, found in kinds.items()}


def facts_of(answers: Any, threshold: float, *, sounding: Any = None, limit: int = LIMIT) -> Facts:
    """The facts of given answers.

    Parameters
    ----------
    answers : np.ndarray or Tensor [shape=(2**K,)]
        v of all masks of the sounding components, in the order of `lemons.exact.masks.mask_rows`; not changed
    threshold : float
        τ; an answer that equals it reaches it
    sounding : np.ndarray of bool or None
        which of all components are not silent, K of them, in any shape; None for all
    limit : int > 0
        how many sets of a kind to list

    Returns
    -------
    Facts

    Raises
    ------
    ParameterError
        if an argument is of another kind, or there are more than 26 sounding components
    DataError
        if an answer is not a number

    Examples
    --------
    The answer reaches 1 with component 0, or with 1 and 2 together; 2 alone is worse than silence.

    >>> facts = facts_of([0.2, 0.0, 0.2, 1.0, 1.0, 1.0, 1.0, 1.0], 1.0)
    >>> facts.sufficient.sets, facts.necessary.sets
    (((0,), (1, 2)), ((0, 1), (0, 2)))
    """
    answers = check_answers(answers)
    threshold, limit = number("threshold", threshold), whole("limit", limit, least=1)
    sounding = check_sounding(sounding, answers.size.bit_length() - 1)
    return _facts(answers, Threshold.of_answers(threshold, answers.dtype), sounding, limit)


def table_facts(table: "ScoreTable", threshold: float, *, target: str = "probability", limit: int = LIMIT) -> Facts:
    """The facts of a track: `facts_of` all answers of its table.

    Parameters
    ----------
    table : ScoreTable
    threshold : float
        τ, from 0 to 1 for a probability
    target : 'logit' or 'probability'
        what τ and the values and margins of the result are; the sets are the same for the τ of equal meaning
    limit : int > 0
        how many sets of a kind to list

    Returns
    -------
    Facts

    Raises
    ------
    ParameterError
        if an argument is of another kind or out of range, or there are more than 26 sounding components

    Examples
    --------
    A logit of 2 needs the second of two stems, and nothing else.

    >>> import torch
    >>> from lemons.exact import ScoreTable
    >>> from lemons.exact.pooled import Pooled, PooledGroup
    >>> logits = torch.tensor([[0.0], [2.0], [1.0], [3.0]])  # with no stem, the second, the first, both
    >>> groups, sounding = [PooledGroup(0, 0, logits, logits)], np.ones((1, 2), bool)
    >>> table = ScoreTable(Pooled(groups, sounding, 1, torch.nn.Identity(), ("mean",)), multiply_adds=0, seconds=0.0)
    >>> facts = table_facts(table, 2.0, target="logit")
    >>> facts.sufficient.sets, facts.necessary.sets
    (((1,),), ((1,),))
    """
    check_count(table.n_sounding)
    return logit_facts(table.all_logits, threshold, sounding=table.sounding, target=target, limit=limit)


def logit_facts(
    logits: Any, threshold: float, *, sounding: np.ndarray, target: str = "probability", limit: int = LIMIT
) -> Facts:
    """The facts of answers that are logits, about their probabilities or themselves.

    Parameters
    ----------
    logits : np.ndarray or Tensor [shape=(2**K,)]
        of all masks of the sounding components; see `facts_of`
    threshold, target, limit
        see `table_facts`
    sounding : np.ndarray of bool
        see `facts_of`

    Returns
    -------
    Facts

    Raises
    ------
    ParameterError
        if an argument is of another kind or out of range
    """
    one_of("target", target, TARGETS)
    threshold, limit = number("threshold", threshold), whole("limit", limit, least=1)
    if target == "probability" and not 0 <= threshold <= 1:
        raise ParameterError(f"threshold={threshold:g} must be between 0 and 1; for a logit, give target='logit'")
    answers = check_answers(logits)
    make = Threshold.of_probabilities if target == "probability" else Threshold.of_answers
    return _facts(answers, make(threshold, answers.dtype), sounding.ravel(), limit)


def _facts(answers: np.ndarray, threshold: Threshold, sounding: np.ndarray, limit: int) -> Facts:
    """The facts of checked arguments."""
    everything = len(answers) - 1  # the number of N; that of N without a set is what is left of it
    lister = Lister(np.flatnonzero(sounding), threshold, limit)
    reaching = Family.reaching(answers, threshold.least)

    values = minimum_over_supersets(answers.copy())
    enough = Family.reaching(values, threshold.least)
    sufficient, necessary = enough.minimal(), (~enough).complements().minimal()
    margin = threshold.nearest(values)
    of_sufficient = lister.minimal_sets(sufficient, lambda numbers: values[numbers], margin)
    of_necessary = lister.minimal_sets(necessary, lambda numbers: values[everything - numbers], margin)

    np.copyto(values, answers)
    maximum_over_subsets(values)
    alone = Family.reaching(values, threshold.least).minimal()
    of_alone = lister.minimal_sets(alone, lambda numbers: values[numbers], threshold.nearest(values))
    return Facts(
        threshold=threshold.value,
        n_components=sounding.size,
        sounding=tuple(lister.sounding.tolist()),
        full=float(threshold.meaning(answers[-1])),
        silence=float(threshold.meaning(answers[0])),
        n_reaching=len(reaching),
        sufficient=of_sufficient,
        necessary=of_necessary,
        alone=of_alone,
        parts=parts_of(reaching, sufficient, necessary, lister),
    )

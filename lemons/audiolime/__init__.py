"""audioLIME: which components of a sound made a model answer as it did.

A *factorization* cuts a sound into components (stretches of time, separated sources, or both); the *explainer*
switches them on and off at random, scores each mix with the model, and fits a linear model to the answers. Its weights
say how much each component supports the answer, and the components can be listened to.

Modules, classes and arguments have the names of audioLIME v0.0.3, and for the same random state the masks, weights,
intercept and score are the same numbers. What differs, on purpose:

* no sample at the end of a sound is dropped: the last segment runs to the end;
* a mask that was drawn more than once is scored once;
* an integer ``random_state`` gives the same explanation at every call, and ``None`` counts as 0: no result depends on
  numpy's global state or on what was explained before;
* components are views of the sources, so 25 of them need no more memory than the five sources;
* sources separated beforehand are given as they are (`StemFactorization`);
* wrong arguments are `lemons.errors.ParameterError`, a `ValueError`.

References: Haunschmid, Manilow & Widmer, "audioLIME: Listenable Explanations Using Source Separation", MML 2020,
arXiv 2008.00582; Ribeiro, Singh & Guestrin, "'Why Should I Trust You?': Explaining the Predictions of Any Classifier",
KDD 2016, arXiv 1602.04938.
"""

from lemons.audiolime.factorization_base import (
    Factorization,
    SourceSeparationBasedFactorization,
    TimeOnlyFactorization,
    compute_segments,
)
from lemons.audiolime.factorization_stems import StemFactorization
from lemons.audiolime.lime_audio import AudioExplanation, LimeAudioExplainer

__all__ = [
    "AudioExplanation",
    "Factorization",
    "LimeAudioExplainer",
    "SourceSeparationBasedFactorization",
    "StemFactorization",
    "TimeOnlyFactorization",
    "compute_segments",
]

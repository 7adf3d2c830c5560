"""audioLIME: which components of a sound made a model answer as it did.

A *factorization* cuts a sound into components (stretches of time, separated sources, or both); the *explainer*
switches them on and off at random, scores each mix with the model, and fits a linear model to the answers. Its weights
say how much each component supports the answer, and the components can be listened to.

Modules, classes and arguments have the names of audioLIME v0.0.3, and for the same random state the masks, weights,
intercept and score are the same numbers; docs/from-audiolime.md lists what is the same, what is mended, and how to ask
for the old behaviour. PyTorch, scikit-image and weights are needed only by the factorizations that use them.

======================================  =====================================================  ====================
factorization                           components                                             can be heard
======================================  =====================================================  ====================
`TimeOnlyFactorization`                 stretches of time                                      yes
`StemFactorization`                     stems that you have × stretches of time                yes
`SpleeterFactorization`                 stems that a separator makes × stretches of time       yes
`SpleeterPrecomputedFactorization`      the same, kept in a folder                             yes
`TimeFrequencyTorchFactorization`       a grid over a spectrogram                              only when inverted
`ImageLikeFactorization`                superpixels of a spectrogram                           only when inverted
======================================  =====================================================  ====================

References: Haunschmid, Manilow & Widmer, "audioLIME: Listenable Explanations Using Source Separation", MML 2020,
arXiv 2008.00582; Ribeiro, Singh & Guestrin, "'Why Should I Trust You?': Explaining the Predictions of Any Classifier",
KDD 2016, arXiv 1602.04938.
"""

from lemons.audiolime.audio_explanation import AudioExplanation
from lemons.audiolime.factorization_base import (
    Factorization,
    SourceSeparationBasedFactorization,
    TimeOnlyFactorization,
    compute_segments,
)
from lemons.audiolime.factorization_image import ImageLikeFactorization
from lemons.audiolime.factorization_slime import TimeFrequencyTorchFactorization
from lemons.audiolime.factorization_spleeter import SpleeterFactorization, SpleeterPrecomputedFactorization
from lemons.audiolime.factorization_stems import StemFactorization
from lemons.audiolime.lime_audio import LimeAudioExplainer

__all__ = [
    "AudioExplanation",
    "Factorization",
    "ImageLikeFactorization",
    "LimeAudioExplainer",
    "SourceSeparationBasedFactorization",
    "SpleeterFactorization",
    "SpleeterPrecomputedFactorization",
    "StemFactorization",
    "TimeFrequencyTorchFactorization",
    "TimeOnlyFactorization",
    "compute_segments",
]

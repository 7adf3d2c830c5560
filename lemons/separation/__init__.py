"""Separators: from a mix to stems that sum to it.

===================  =====================================  =======================================================
name                 stems                                  needs
===================  =====================================  =======================================================
``given``            those in the folder                    a folder of stems, as ``weights``
``hpss``             five harmonic and percussive parts     the extra ``separation``
``spleeter:5stems``  vocals, piano, drums, bass, other      the same, and weights: `lemons.separation.weights`
``spleeter:4stems``  vocals, drums, bass, other             the same
``spleeter:2stems``  vocals, accompaniment                  the same
``demucs:<model>``   the model's                            the extra ``demucs``, and weights
===================  =====================================  =======================================================
"""

from lemons.separation.cache import Separation, separate_file
from lemons.separation.catalogue import get_separator, list_separators
from lemons.separation.separator import Separator

__all__ = ["Separation", "Separator", "get_separator", "list_separators", "separate_file"]

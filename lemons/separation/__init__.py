"""Separators: from a mix to stems that sum to it.

===================  =====================================  =======================================================
name                 stems                                  needs
===================  =====================================  =======================================================
``given``            those in the folder                    a folder of stems, as ``weights``
``hpss``             five harmonic and percussive parts     nothing
``spleeter:5stems``  vocals, piano, drums, bass, other      weights, see `lemons.separation.weights`
``spleeter:4stems``  vocals, drums, bass, other             weights
``spleeter:2stems``  vocals, accompaniment                  weights
``demucs:<model>``   the model's                            weights, and the package ``demucs``
===================  =====================================  =======================================================
"""

from lemons.separation.cache import Separation, separate_file
from lemons.separation.catalogue import get_separator, list_separators
from lemons.separation.separator import Separator

__all__ = ["Separation", "Separator", "get_separator", "list_separators", "separate_file"]

"""A library of real music: songs from Debian's free packages, cut into excerpts.

It tests the machinery on real sound. Its listeners are made up, and named as what they are: who loves this composer,
this band, this style. Nothing of the music is part of LEMONS; `sources` finds it on the user's machine.
"""

from lemons.extras import require

require("the library of real music", "pandas", "mutagen", extra="recommender")

from lemons.library.real.make import Summary, make_real_library

__all__ = ["Summary", "make_real_library"]

"""LEMONS: listenable explanations for music recommender systems.

The names that most programs need are here. Each is imported when it is first used, so that ``import lemons`` is quick
and does without PyTorch; ``__init__.pyi`` says where they come from.

Examples
--------
>>> import lemons
>>> segments = lemons.Segments.equal(160_000, 5)
>>> y = lemons.load("song.wav")                                # doctest: +SKIP
>>> table = lemons.score_table(model, stems)                   # doctest: +SKIP
"""

import lazy_loader

__version__ = "1.0.0rc1"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

from .asking import explain as explain
from .audio import SAMPLE_RATE as SAMPLE_RATE
from .audio import load as load
from .audio import write_flac as write_flac
from .audiolime import LimeAudioExplainer as LimeAudioExplainer
from .audiolime import StemFactorization as StemFactorization
from .audiolime import TimeOnlyFactorization as TimeOnlyFactorization
from .errors import LemonsError as LemonsError
from .exact import ScoreTable as ScoreTable
from .exact import score_table as score_table
from .library import Library as Library
from .library import open_library as open_library
from .listenable import Listenable as Listenable
from .segments import Segments as Segments
from .separation import get_separator as get_separator
from .separation import list_separators as list_separators
from .separation import separate_file as separate_file
from .tracks import Track as Track
from .tracks import open_track as open_track

__version__: str

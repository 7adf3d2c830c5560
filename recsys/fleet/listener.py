"""A listener's model in the results of a fleet: trunk and head, and the list that was made with them.

Nothing is heard to recommend: the list is read, one unit of it. Its relevances are those of features in float16
(`recsys.fleet.embeddings`), which move logits by some thousandths; the network itself is exact.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.special import expit

from lemons.errors import DataError, ParameterError
from lemons.fleet import Results
from lemons.progress import Progress
from recsys.fleet.heads import read_heads
from recsys.fleet.index import Entry, Explained, Index, kept_trunk
from recsys.listener_model import ListenerModel
from recsys.network import Network
from recsys.relevance import SKIPPED
from recsys.training.head import with_head

__all__ = ["POOL", "FleetModel"]

POOL = "unheard"  # what lists are of, see `recsys.recommend.recommend`


@dataclass(frozen=True)
class FleetModel(ListenerModel):
    """A listener's head on a fleet's trunk.

    Attributes
    ----------
    fleet : Index
        the results
    entry : Entry
        which of them are the listener's
    """

    fleet: Index
    entry: Entry
    ranks_all = False

    @property
    def results(self) -> Results:
        """Where trunk, head and list are."""
        return self.fleet.results

    @property
    def stamp(self) -> tuple:
        """The keys of trunk, head and list, the place, library and listener."""
        keys = (self.fleet.trunk, self.entry.heads, self.entry.tops)
        return (self.results.place, *keys, self.library.fingerprint, self.listener)

    def load(self, *, device: str = "cpu") -> Network:
        """The trunk with the listener's head."""
        results, fleet = self.results, self.fleet
        heads = read_heads(results, [self.entry.heads])
        if self.listener not in heads.listeners:
            raise DataError(f"{results.shown}/{self.entry.heads}.parquet has no head of {self.listener}; delete it, "
                            "and run `lemons fleet score` again")  # fmt: skip
        row = heads.listeners.index(self.listener)
        trunk = kept_trunk(results.place, fleet.trunk, fleet.trunk_hash, device)
        return with_head(trunk, heads.weights[row], float(heads.bias[row]))

    def recommend(self, *, n: int = 10, pool: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
        """The first tracks of the list, which is of all that the listener never played and the head did not learn from.

        Raises
        ------
        ParameterError
            if ``n`` is not positive, or ``pool`` is another one
        """
        if n < 1:
            raise ParameterError(f"n={n} must be at least 1")
        if pool not in (None, POOL):
            raise ParameterError(f"pool={pool!r}: the lists of a fleet, such as {self.listener}'s, are of {POOL!r}")
        logits = self._logits()
        logits = logits[logits.index.isin(self.library.some_tracks(logits.index).index)].head(n)
        found = self.library.some_tracks(logits.index)[["title", "artist", "genre"]].assign(
            relevance=expit(logits), logit=logits, playcount=0
        )
        found = found.rename_axis("track_id").reset_index()
        found.insert(0, "rank", range(1, len(found) + 1))
        found.attrs |= {SKIPPED: {}, "pool": POOL}
        return found

    def relevance_of_others(self, track_id: str) -> np.ndarray:
        """Of the other tracks of the list: the first of all others, as far as the list goes."""
        return expit(self._logits().drop(track_id, errors="ignore").to_numpy())

    def explained(self, track_id: str) -> list[Explained]:
        """The units that explain a track of the list, of the same stems, the newest last."""
        found = [one for one in self.entry.explained if one.track_id == track_id]
        return [one for one in found if one.stems == found[-1].stems]

    def _logits(self) -> pd.Series:
        return _list_of(self.results.place, self.entry.tops, self.listener)


@lru_cache(256)
def _list_of(place: str, tops: str, listener: str) -> pd.Series:
    """A listener's list: logits in float64 by track_id, the highest first."""
    import pyarrow.compute as pc

    table = Results(place).read(tops)
    own = table.filter(pc.equal(table["listener"], listener)).sort_by("rank")
    index = pd.Index(own["track_id"].to_pylist(), name="track_id", dtype=str)
    return pd.Series(own["logit"].to_numpy().astype(np.float64), index=index, name="logit")

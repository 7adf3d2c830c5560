"""The trunk that a worker keeps open from one unit of work to the next."""

from functools import lru_cache

from lemons.errors import DataError
from recsys.checkpoints import load_checkpoint, trunk_hash
from recsys.network import Network

__all__ = ["opened_trunk"]


@lru_cache(1)
def opened_trunk(checkpoint: str, trunk: str, device: str) -> Network:
    """A model with a trunk of this hash; DataError if its file has another."""
    model, _ = load_checkpoint(checkpoint, device=device)
    if trunk_hash(model) != trunk:
        raise DataError(f"{checkpoint} has changed since the work was planned, or is another one here; start again")
    return model

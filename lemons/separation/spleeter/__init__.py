"""Spleeter in PyTorch: the official weights, read without TensorFlow."""

from lemons.extras import require

require("the separator spleeter", "torch", "safetensors", extra="separation")

from lemons.separation.spleeter.configuration import PUBLISHED, Configuration, read_configuration
from lemons.separation.spleeter.model import Spleeter, load_spleeter

__all__ = ["PUBLISHED", "Configuration", "Spleeter", "load_spleeter", "read_configuration"]

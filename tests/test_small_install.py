"""``pip install lemons-explanations`` without an extra: what it can do, and what it says of the rest.

The environment is a folder of links to the packages that the small installation has, and to nothing else; Python starts
with that folder alone (``-S``: without its site-packages).
"""

import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.test_packaging import PROJECT, ROOT, normal

"""Studies of explanations."""

from lemons.extras import require

require("a study", "torch", "pandas", "matplotlib", extra="recommender")

"""Explanations: asked, computed, kept."""

from lemons.extras import require

require("explaining a recommendation", "torch", "pandas", extra="recommender")

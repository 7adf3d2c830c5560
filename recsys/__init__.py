"""The recommender: who likes what, learned from the sound."""

from lemons.extras import require

require("the recommender", "torch", "pandas", extra="recommender")

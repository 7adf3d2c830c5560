"""Explanations in words, pictures and reports."""

from lemons.extras import require

require("a report", "torch", "pandas", "jinja2", "matplotlib", extra="recommender")

"""Explanations in words, pictures and reports."""

from lemons.extras import require

require("the report", "jinja2", "matplotlib", extra="recommender")

"""Explanations in words, pictures and sound: sentences, the figure, the player, and a report in one file."""

from lemons.extras import require

require("a report", "jinja2", "matplotlib", extra="exact")

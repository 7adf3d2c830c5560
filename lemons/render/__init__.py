"""Explanations in words, pictures and sound: sentences, the figure, the player, and a report in one file."""

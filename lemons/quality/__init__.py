"""Measures of an explanation."""

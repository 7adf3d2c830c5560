"""Explanations of a model's answers: what is asked, how it is answered, and what an `Explanation` is.

Nothing here knows whose model it is, where it comes from, or how an explanation is shown (`lemons.render`).
"""

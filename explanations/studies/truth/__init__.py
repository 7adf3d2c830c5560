"""Whether explanations name the true cause, where the cause is known because it was planted; see docs/truth.md."""

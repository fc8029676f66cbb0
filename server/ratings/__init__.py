"""The only place that turns votes into numbers: no share leaves it without its count, its interval and the mark of few votes."""

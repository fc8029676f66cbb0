"""The commands that `__main__` gathers, by what they are about."""

"""The terminal: screen, store and delivery."""

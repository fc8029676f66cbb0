"""What kiosks say about themselves."""

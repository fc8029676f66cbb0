"""Everything that a server knows in one encrypted file, and the way back from it."""

"""Paper: what stands on it as values, drawn or written, as the bytes of ESC/POS, and the ports through which they go."""

"""The language both programs speak: pure values, no input or output, no clock, no randomness of its own."""

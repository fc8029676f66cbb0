"""The language both programs speak: pure values, no input or output, no clock, no randomness of its own."""

from typing import Final

VERSION: Final = "0.1.0"
"""The version of both programs: one distribution."""

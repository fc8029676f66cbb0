"""What is printed on paper, as PDF."""

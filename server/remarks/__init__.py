"""What visitors wrote. It is sealed; here it is erased when they ask for it."""

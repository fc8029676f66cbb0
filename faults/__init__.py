"""./run faults: every fault that this project claims to survive, done for real and counted."""

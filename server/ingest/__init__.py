"""Takes batches in: decode, accept, store in one transaction, acknowledge. Only `mqtt` knows how messages travel."""

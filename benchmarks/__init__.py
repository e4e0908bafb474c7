"""How fast the line is, beside the bare limit of the machine it runs on: `make bench`, `make bench QUICK=1`."""

"""How long a scan takes and what it costs: `make bench`."""

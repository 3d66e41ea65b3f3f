"""Other systems' reward-model contracts, each a thin shim over the same judging."""

"""Where weights are, how they are loaded, and what is written with them."""

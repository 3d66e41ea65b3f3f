"""How strong the walls of this machine are, found by attacking them."""

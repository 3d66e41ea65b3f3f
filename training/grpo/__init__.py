"""Stage II of the paper: the critic learns from what became of the programs it criticised."""

"""What a critique earns: the frozen generator follows it, and the sandbox says what became of the program."""

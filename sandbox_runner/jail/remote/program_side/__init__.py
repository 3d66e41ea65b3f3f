"""In the program's jail: answers what the tests ask of the program, and asks of what they lent it."""

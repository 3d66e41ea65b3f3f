"""Real training problems: data sets read row by row, converted, filtered and decontaminated."""

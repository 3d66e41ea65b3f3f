"""What is seen of the gateway at work: spans, the trace they belong to, and its own time."""

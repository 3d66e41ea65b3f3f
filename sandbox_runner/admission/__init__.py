"""Who is judged when: a bounded fair queue, verdicts that are remembered, and questions at work."""

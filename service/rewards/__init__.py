"""Reward functions to run inside trainers: they ask this service, and need nothing of it but its address."""

"""Offline: builds the critic that the service loads.

tasks/     problems with tests: the mini world, and loaders for real sets
stages/    solve, hints, synthesize, sft … each resumable
base/      the from-scratch base model of the mini world
plan/      memory and hours of a run, without a GPU
evaluate/  the gates and the claims, with standard errors
"""

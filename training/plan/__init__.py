"""What a run will need, from its configuration alone: no GPU, no torch, nothing downloaded.

architecture  sizes of a model     memory    bytes a GPU
serving       what vLLM holds      duration  hours, under stated assumptions
checks        what cannot work     planner   all of it together      table  for people
"""

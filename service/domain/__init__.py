"""The refine loop and everything it speaks of: plain Python, standard library only.

task · verdict · critique · refinement · events   what the loop handles
chat · ports                                      what it needs from outside
templates · hints · parsing · extraction          text in, text out (fences, thought, syntax: how it is read)
roles · judging · scoring                         a chat model as generator, as critic, as judge
loop · selection                                  the method itself (merging, purse, record: its bookkeeping)
errors                                            what can break
"""

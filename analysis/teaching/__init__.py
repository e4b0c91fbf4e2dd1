"""The teaching page: four lessons, each a live simulation on the project's own engine.

Every answer is a pure function of a seed and a history of settings [(time, settings), ...]: the model's draws have
names, so a run repeated with a slider moved at time t is the same up to t and different after it. The page keeps the
clock and the history; nothing but a small cache lives here.
"""

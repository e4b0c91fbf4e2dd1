"""The compiled engine: time and queues in one loop of machine code, in the order of events of `sim.simpy_engine`.

Nothing of the model is written here: the loop calls the same transitions. What the SimPy engine says with processes and
events stands here as a heap of events, linked lists of waiting orders and idle members, and what an order or a member
does next. From the bottom up: `agenda`, `queues`, `attendance` (who is here), `service` (visits), `shifts`, `epochs`,
`journeys`, `loop`; `sim.compiled_engine` fills the tables, starts the loop and makes room when it asks for some.
"""

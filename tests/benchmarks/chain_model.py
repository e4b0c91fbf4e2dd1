"""The chain that every peer simulates: ten stages in a row, two members each, utilisation 0.8."""

STAGES = 10
MEMBERS = 2
RATE = 2.5  # customers an hour, Poisson
UTILISATION = 0.8
SERVICE = UTILISATION * MEMBERS / RATE  # h, exponential
ERROR = 0.01  # chance a visit

"""The interleavings of a program: who can get stuck, and by which steps.

Rooms: ``machine`` compiles roles to small steps; ``state`` holds where everybody is and what the objects hold;
``messages``, ``signals`` and ``life`` say what a step does to queues and pipes, to locks and signals, and to the copies of
roles; ``table`` says who can step, ``play`` which steps are taken at once; ``game`` searches the states and decides who
can force what.
"""

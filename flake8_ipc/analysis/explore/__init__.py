"""The interleavings of a program: who can get stuck, and by which steps.

Rooms: ``machine`` compiles roles to small steps, ``state`` says what each step does to the shared objects, ``game``
searches the states and decides who can force what.
"""

"""Bakes in two processes, and has no guard."""
from multiprocessing import Process, Queue

FLOUR = 3


def bake(loaves, oven):
    oven.put(loaves * FLOUR)  # as much as there is


# The ovens are heated first.
ovens = Queue()
bakers = [
    # one for each side of the oven
    Process(target=bake, args=(number, ovens))
    for number in range(2)
]
for baker in bakers: baker.start()

# Only then can the bread be sold.
print(ovens.get() + ovens.get(), """loaves,
all of them warm""")
for baker in bakers:
    baker.join()
# closed

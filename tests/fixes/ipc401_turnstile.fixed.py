from multiprocessing import Process, Value


class Turnstile:
    def __init__(self, visitors):
        self.visitors = visitors

    def push(self):
        # One more.
        with self.visitors.get_lock():
            self.visitors.value += 1  # of many


def children(visitors, count):
    for _ in range(count):
        with visitors.get_lock():
            visitors.value = visitors.value + 2


def adults(visitors, count):
    turnstile = Turnstile(visitors)
    for _ in range(count):
        turnstile.push()


if __name__ == "__main__":
    visitors = Value("i", 0)
    doors = [Process(target=each, args=(visitors, 500)) for each in (children, adults)]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    print(visitors.value)

from multiprocessing import Lock, Process, Value


class Ferry:
    def __init__(self, seats, lock):
        self.seats = seats
        self.lock = lock

    def board(self, group):
        # One group after the other.
        self.lock.acquire()  # the gangway
        if group > self.seats.value:
            raise SystemExit("full")

        self.seats.value -= group
        # Ashore again.
        self.lock.release()
        print("aboard", group, flush=True)


def travel(seats, lock, group):
    Ferry(seats, lock).board(group)


if __name__ == "__main__":
    seats, lock = Value("i", 10), Lock()
    groups = [Process(target=travel, args=(seats, lock, size)) for size in (4, 9, 5)]
    for group in groups:
        group.start()
    for group in groups:
        group.join()
    print(seats.value >= 0)

from multiprocessing import Process


def watch(gate):
    print("watching", gate, flush=True)


class Tower:
    def open(self):
        # The watchman must be there first.
        self.watchman = Process(target=watch, args=("north",))
        self.watchman.start()

    def close(self):
        self.watchman.join()


if __name__ == "__main__":
    first = Process(
        target=watch,
        args=("south",),  # the gate
    )
    first.start()
    first.join()
    tower = Tower()
    tower.open()
    tower.close()
    if True:
        second = Process(target=watch, args=("west",))
        second.start()
        print("at dusk")
    second.join()

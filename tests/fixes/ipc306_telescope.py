from multiprocessing import Pipe, Process


def observe(stars, wire):
    wire.send(list(range(stars)))
    wire.close()


if __name__ == "__main__":
    ear, wire = Pipe(duplex=False)
    telescope = Process(target=observe, args=(200_000, wire))
    telescope.start()
    wire.close()
    telescope.join()  # at dawn
    print(len(ear.recv()))
    ear.close()

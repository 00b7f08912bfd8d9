from multiprocessing import Pipe, Process


def observe(stars, wire):
    wire.send(list(range(stars)))
    wire.close()


if __name__ == "__main__":
    ear, wire = Pipe(duplex=False)
    telescope = Process(target=observe, args=(200_000, wire))
    telescope.start()
    wire.close()
    print(len(ear.recv()))
    telescope.join()  # at dawn
    ear.close()

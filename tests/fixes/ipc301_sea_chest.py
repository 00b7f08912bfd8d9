from multiprocessing import Pipe, Process

count = 1


def sort(chest, number):  # as it comes
    """Sorts what is in the chest."""
    try:
        while True:
            print(number, chest.recv(), flush=True)
    except EOFError:
        print("empty", flush=True)


def main():
    chest, lid = Pipe(duplex=False)
    sorter = Process(
        target=sort,
        args=(chest, count),  # one sorter
    )
    sorter.start()
    chest.close()
    for thing in ("rope", "lamp"):
        lid.send(thing)
    lid.close()
    sorter.join()


if __name__ == "__main__":
    main()

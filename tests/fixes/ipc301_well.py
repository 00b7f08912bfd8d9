from multiprocessing import Pipe, Process


def draw(rope, handle):
    """Draws water until the rope is gone."""
    # The first bucket is for the horses.
    handle.send("water")
    handle.close()


def listen(ear):
    try:
        while True:
            print(ear.recv(), flush=True)
    except EOFError:
        print("silence", flush=True)


def main():
    rope, handle = Pipe(duplex=False)
    drawer = Process(target=draw, args=(rope, handle))
    drawer.start()
    while True:
        try:
            print(rope.recv())
        except EOFError:
            break
    drawer.join()


if __name__ == "__main__":
    main()

from multiprocessing import Process, Queue


def copy(page, shelf):
    shelf.put(page * 200_000)


def main():
    shelf = Queue()
    first = Process(target=copy, args=("a", shelf))
    second = Process(target=copy, args=("b", shelf))
    first.start()
    second.start()

    pages = [shelf.get() for _ in range(2)]
    # Everybody goes home.
    first.join()
    second.join()
    print(sum(map(len, pages)))


if __name__ == "__main__":
    main()

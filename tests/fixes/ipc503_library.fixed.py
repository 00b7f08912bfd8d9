from multiprocessing import Manager, Process


def lend(shelf, book):
    shelf.append(book)


if __name__ == "__main__":
    # Nobody looks at the shelf afterwards.
    manager = Manager()
    reader = Process(target=lend, args=(manager.list(), "a novel"))
    reader.start()
    reader.join()
    readers = []
    manager_2 = Manager()
    for book in ("a play", "a poem"):
        # everybody has a shelf
        other = Process(target=lend, args=(manager_2.list(), book))
        other.start()
        readers.append(other)
    for other in readers:
        other.join()

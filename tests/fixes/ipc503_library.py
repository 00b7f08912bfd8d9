from multiprocessing import Manager, Process


def lend(shelf, book):
    shelf.append(book)


if __name__ == "__main__":
    # Nobody looks at the shelf afterwards.
    reader = Process(target=lend, args=(Manager().list(), "a novel"))
    reader.start()
    reader.join()
    readers = []
    for book in ("a play", "a poem"):
        # everybody has a shelf
        other = Process(target=lend, args=(Manager().list(), book))
        other.start()
        readers.append(other)
    for other in readers:
        other.join()

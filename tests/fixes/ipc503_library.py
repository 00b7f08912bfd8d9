from multiprocessing import Manager, Pool, Process


def lend(shelf, book):
    shelf.append(book)


if __name__ == "__main__":
    # Nobody looks at the shelf afterwards.
    reader = Process(target=lend, args=(Manager().list(), "a novel"))
    reader.start()
    reader.join()
    print("exit code", reader.exitcode)
    with Pool(1) as desk:
        asked = desk.apply_async(lend, (Manager().list(["a play"]), "a poem"))  # by post
        print(asked.get())

from multiprocessing import Manager, Pool, Process


def lend(shelf, book):
    shelf.append(book)


if __name__ == "__main__":
    # Nobody looks at the shelf afterwards.
    manager = Manager()
    shared = manager.list()
    reader = Process(target=lend, args=(shared, "a novel"))
    reader.start()
    reader.join()
    print("exit code", reader.exitcode)
    with Pool(1) as desk:
        manager_2 = Manager()
        shared_2 = manager_2.list(["a play"])
        asked = desk.apply_async(lend, (shared_2, "a poem"))  # by post
        print(asked.get())

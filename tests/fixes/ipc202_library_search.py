from multiprocessing import Process, Queue


class Search:
    def __init__(self, word):
        self.found = Queue()
        self.reader = Process(target=self.read, args=(word,))

    def read(self, word):
        self.found.put(word * 100_000)

    def run(self):
        self.reader.start()
        self.reader.join()  # until the last page
        # What it found:
        return len(self.found.get())  # in letters


if __name__ == "__main__":
    print(Search("owl").run())

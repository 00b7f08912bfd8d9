from multiprocessing import Manager, Process


class Picker(Process):
    def __init__(self, trees, hall):
        super().__init__()
        self.trees = trees
        self.hall = hall

    def run(self):
        # The low branches come first.
        entry = self.trees["apple"]
        entry.append("basket")  # full
        self.trees["apple"] = entry
        pears = self.trees["pear"]
        pears.append("crate")
        pears.sort()
        if pears:
            notes = self.hall.notes
            notes["done"] = True
            self.hall.notes = notes


if __name__ == "__main__":
    with Manager() as manager:
        trees = manager.dict(apple=[], pear=[])
        hall = manager.Namespace()
        hall.notes = {}
        picker = Picker(trees, hall)
        picker.start()
        picker.join()
        print(dict(trees), hall.notes)

from multiprocessing import Process


class Sweep(Process):
    def __init__(self, chimney):
        super().__init__()
        self.chimney = chimney

    def run(self):
        print("swept", self.chimney, flush=True)


if __name__ == "__main__":
    sweeps = [Sweep(number) for number in range(2)]
    for sweep in sweeps:
        sweep.run()  # one after the other, so far

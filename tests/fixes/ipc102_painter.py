from multiprocessing import Process


def paint():
    print("the fence is green", flush=True)


if __name__ == "__main__":
    painter = Process(
        target=paint(),  # before the rain
    )
    painter.start()
    painter.join()

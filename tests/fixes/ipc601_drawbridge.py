from multiprocessing import Lock, Process


def cross(bridge, carts):
    for cart in carts:
        bridge.acquire(); print(int(cart), flush=True); bridge.release()  # one by one
    print("across", flush=True)


if __name__ == "__main__":
    bridge = Lock()
    drivers = [Process(target=cross, args=(bridge, carts)) for carts in ("12", "34")]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join()

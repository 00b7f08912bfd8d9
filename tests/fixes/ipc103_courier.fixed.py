from multiprocessing import Pool, Process


def carry(parcel):
    print("parcel", parcel, flush=True)


def load(van):
    carry(van)


if __name__ == "__main__":
    first = Process(target=carry, args=("a book",))
    second = Process(
        target=carry,
        args=(
            "a lamp",  # fragile
        ),
    )
    weight = 12
    third = Process(target=carry, args=(weight,))
    for courier in (first, second, third):
        courier.start()
    for courier in (first, second, third):
        courier.join()
    with Pool(1, initializer=load, initargs=(weight,)) as pool:
        pool.map(carry, [1])

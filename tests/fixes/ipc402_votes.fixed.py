from multiprocessing import Array, Process


def count(votes, ballots):
    for ballot in ballots:
        seen = ballot % 3
        with votes.get_lock():
            votes[seen] += 1
        print(end="")


if __name__ == "__main__":
    votes = Array("i", 3)
    tellers = [Process(target=count, args=(votes, range(300))) for _ in range(2)]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()
    print(votes[:])

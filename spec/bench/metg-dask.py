"""The Task Bench on Dask: as many processes as slots, one thread in each. Takes and prints what metg-run.mjs does."""

import json
import sys
import time


def spin(us, *_before):
    end = time.perf_counter() + us / 1e6
    turns = 0
    while time.perf_counter() < end:
        turns += 1
    return turns & 1


def main():
    from distributed import Client, LocalCluster

    given = json.loads(sys.argv[1])
    slots, rounds = given["slots"], given["rounds"]
    cluster = LocalCluster(n_workers=slots, threads_per_worker=1, processes=True, dashboard_address=None)
    client = Client(cluster)
    found = {}
    number = 0
    for pattern, by_grain in given["graphs"].items():
        found[pattern] = []
        for us, producers in by_grain:
            shares = []
            for _ in range(rounds):
                # Names are new in each round: Dask does not run again what it knows.
                number += 1
                name = lambda index: f"f{number}-{index}"
                graph = {name(index): (spin, us, *map(name, before)) for index, before in enumerate(producers)}
                last = [name(index) for index in range(len(producers) - given["width"], len(producers))]
                if pattern == "trivial":
                    last = list(graph)
                start = time.perf_counter()
                client.get(graph, last)
                shares.append(len(producers) * us / 1e6 / slots / (time.perf_counter() - start))
            shares.sort()
            found[pattern].append({"us": us, "share": shares[len(shares) // 2]})
    client.close()
    cluster.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()

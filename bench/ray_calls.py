"""Small tasks of Ray, one driver and its workers on this machine. Run by mesh.py in Ray's environment.

  ray_calls.py CALLS CORES

Each task is given a number and gives it back. Prints JSON: tasks a second with all of them submitted before
the first result is fetched, and the median round trip of one at a time.
"""
import json
import statistics
import sys
import time

import ray

ROUND_TRIPS = 500


@ray.remote
def give_back(number):
    return number


def pipelined(count: int) -> float:
    start = time.perf_counter()
    ray.get([give_back.remote(number) for number in range(count)])
    return count / (time.perf_counter() - start)


def one_at_a_time() -> list[float]:
    seconds = []
    for number in range(ROUND_TRIPS):
        start = time.perf_counter()
        ray.get(give_back.remote(number))
        seconds.append(time.perf_counter() - start)
    return seconds


def main() -> None:
    count, cores = int(sys.argv[1]), int(sys.argv[2])
    ray.init(num_cpus=cores, include_dashboard=False, object_store_memory=200 << 20, log_to_driver=False,
             logging_level="error")
    pipelined(2000)
    rate = max(pipelined(count) for _ in range(3))
    median = statistics.median(one_at_a_time())
    ray.shutdown()
    print(json.dumps({"calls_per_s": rate, "round_trip_s": median}))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Prints the 36 hosts of planner_reference.tsv, one a line: name, processors,
then each bucket's load in ns per second.

Loads follow Zipf or log-normal laws, at system utilization 0.6; bucket b is
dealt to processor b modulo the processors. Seeded: every run prints the same.
"""
import math
import random


def weights(buckets, skew, source):
    if skew.startswith("zipf"):
        exponent = float(skew[4:])
        values = [1 / (i + 1) ** exponent for i in range(buckets)]
        source.shuffle(values)
        return values
    return [math.exp(source.gauss(0, 1.0)) for _ in range(buckets)]


def main():
    for buckets in (128, 1024, 4096):
        for processors in (6, 12, 32):
            for skew in ("zipf0.6", "zipf0.9", "zipf1.1", "lognormal1.0"):
                name = f"{buckets}-{processors}-{skew}"
                values = weights(buckets, skew, random.Random(f"open-{name}"))
                total = sum(values)
                loads = [round(round(v / total * 0.6 * processors, 9) * 1e9)
                         for v in values]
                print(name, processors, *loads)


if __name__ == "__main__":
    main()

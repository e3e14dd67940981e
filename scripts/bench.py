"""Runs lb_bench and holds its figures against the bars in docs/benchmarks.md.

Called by scripts/bench once lb_bench is built. Standard library only.
"""
import argparse
import collections
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LB_BENCH = ROOT / "build" / "release" / "bin" / "lb_bench"

# A bar: what it says, the figure, and the most it may be. A figure is one
# bench's counter, or a fraction of two, or their difference.
Bar = collections.namedtuple("Bar", "words kind first second most unit")


def ratio(words, first, second, most):
    return Bar(words, "ratio", first, second, most, "x")


def at_most(words, first, most, unit="ns"):
    return Bar(words, "value", first, None, most, unit)


def above(words, first, second, most):
    return Bar(words, "difference", first, second, most, "ns")


BARS = [
    ratio("Toeplitz GFNI, 12 bytes / rte_thash_gfni",
          "ToeplitzGfniBulk/4", "dpdk/ThashGfni/4", 1.2),
    ratio("Toeplitz GFNI, 36 bytes / rte_thash_gfni",
          "ToeplitzGfniBulk/6", "dpdk/ThashGfni/6", 1.2),
    ratio("Toeplitz GFNI, 12 bytes / rte_thash_gfni_bulk",
          "ToeplitzGfniBulk/4", "dpdk/ThashGfniBulk/4", 1.2),
    ratio("Toeplitz GFNI, 36 bytes / rte_thash_gfni_bulk",
          "ToeplitzGfniBulk/6", "dpdk/ThashGfniBulk/6", 1.2),
    ratio("Toeplitz tables, 12 bytes / rte_softrss_be",
          "ToeplitzTablesBulk/4", "dpdk/SoftRssBe/4", 0.2),
    ratio("Toeplitz tables, 36 bytes / rte_softrss_be",
          "ToeplitzTablesBulk/6", "dpdk/SoftRssBe/6", 0.2),
    at_most("SipHash of an IPv4 flow key", "SipHashBulk/4", 10),
    at_most("SipHash of an IPv6 flow key", "SipHashBulk/6", 15),
    ratio("dispatch, Toeplitz / rte_distributor",
          "DispatchToeplitz", "dpdk/Distributor", 0.4),
    ratio("dispatch, Toeplitz / rte_ring across CPUs",
          "DispatchToeplitz", "dpdk/RingAcross", 6),
    ratio("dispatch, SipHash / rte_distributor",
          "DispatchSipHash", "dpdk/Distributor", 0.7),
    at_most("whole way, 100,000 connections", "WholeWay/100000", 45),
    above("fair queue over FIFO, 10,000 backlogged",
          "BackloggedFair/10000", "BackloggedFifo/10000", 30),
    above("fair queue over FIFO, 100,000 backlogged",
          "BackloggedFair/100000", "BackloggedFifo/100000", 30),
    above("drop with 100,000 queues over FIFO with as many",
          "Drop/100000", "BackloggedFifo/100000", 30),
    at_most("sparse connection's p99 wait beside a heavy one",
            "SparseBesideHeavy:p99_us", 200, "us"),
    at_most("timer refresh", "TimerRefresh/100000", 3),
    ratio("timer refresh / rte_timer_reset",
          "TimerRefresh/100000", "dpdk/TimerReset/100000", 0.5),
    ratio("timer expiry at once, 1,000 / rte_timer",
          "TimerExpiryAtOnce/1000", "dpdk/TimerExpiryAtOnce/1000", 0.5),
    ratio("timer expiry at once, 100,000 / rte_timer",
          "TimerExpiryAtOnce/100000", "dpdk/TimerExpiryAtOnce/100000", 0.5),
    ratio("timer expiry spread out, 100,000 / rte_timer",
          "TimerExpiry/100000", "dpdk/TimerExpiry/100000", 0.5),
    ratio("a move's p99 pause / a bare token's",
          "Moves:move_p99_us", "Moves:token_p99_us", 1.5),
    at_most("packets lost by moves", "Moves:lost", 0, ""),
    at_most("packets reordered by moves", "Moves:reordered", 0, ""),
    at_most("packets duplicated by moves", "Moves:duplicated", 0, ""),
]

# Not for benches that last as long as they must.
MIN_TIME_S = 0.1


def run(repetitions):
    """All figures of one run: 'bench:counter' -> values, one a repetition."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run(
            [LB_BENCH, f"--benchmark_min_time={MIN_TIME_S}",
             f"--benchmark_repetitions={repetitions}",
             "--benchmark_enable_random_interleaving=true",
             "--benchmark_display_aggregates_only=true",
             f"--benchmark_out={out.name}", "--benchmark_out_format=json"],
            check=True, stdout=subprocess.DEVNULL)
        report = json.load(open(out.name, encoding="utf-8"))
    figures = collections.defaultdict(list)
    known = {"real_time", "cpu_time", "iterations", "threads",
             "repetitions", "repetition_index", "family_index",
             "per_family_instance_index"}
    for bench in report["benchmarks"]:
        if bench["run_type"] != "iteration" or bench.get("error_occurred"):
            continue
        name = bench["run_name"].replace("/manual_time", "")
        name = name.replace("/iterations:1", "")
        for counter, value in bench.items():
            if counter not in known and isinstance(value, (int, float)):
                figures[f"{name}:{counter}"].append(value)
    return figures


def median(figures, name):
    values = figures.get(name if ":" in name else f"{name}:ns")
    return statistics.median(values) if values else None


def evaluate(bar, figures):
    """The bar's figure, or None if something it needs did not run."""
    first = median(figures, bar.first)
    if bar.kind == "value" or first is None:
        return first
    second = median(figures, bar.second)
    if second is None or (bar.kind == "ratio" and second == 0):
        return None
    return first / second if bar.kind == "ratio" else first - second


def print_table(figures):
    print(f"{'bench':44} {'median':>12}")
    for name in sorted(figures):
        print(f"{name:44} {median(figures, name):12.2f}")
    print(f"\n{'bar':52} {'figure':>9} {'at most':>9}")
    for bar in BARS:
        value = evaluate(bar, figures)
        if value is None:
            print(f"{bar.words:52} {'-':>9} {bar.most:9g} {bar.unit:3} not run")
            continue
        verdict = "OK" if value <= bar.most else "MISS"
        print(f"{bar.words:52} {value:9.2f} {bar.most:9g} {bar.unit:3} {verdict}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path,
                        help="write all medians and bars there")
    options = parser.parse_args()
    if options.repetitions < 1:
        sys.exit("bench: error: --repetitions must be at least 1")
    figures = run(options.repetitions)
    print_table(figures)
    if options.json:
        options.json.write_text(json.dumps({
            "medians": {name: median(figures, name) for name in figures},
            "bars": [{"bar": bar.words, "figure": evaluate(bar, figures),
                      "at_most": bar.most, "unit": bar.unit}
                     for bar in BARS]}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

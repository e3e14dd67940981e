"""The figures of the controller's history; see scripts/bench-store."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LB_STORE_BENCH = ROOT / "build/release/bin/lb_store_bench"

RATE_BAR = 0.7  # of a bare loop's rows a second
DELAY_BAR_MS = 5  # that p99 may be more


def quantile(values, q):
    values = sorted(values)
    return values[int(q * (len(values) - 1))]


class Report:
    def __init__(self):
        self.rows = []

    def add(self, what, value, bar="", ok=None):
        self.rows.append({"what": what, "value": value, "bar": bar, "ok": ok})
        verdict = {None: "", True: "ok", False: "MISS"}[ok]
        print(f"  {what:<52} {value:>18}  {bar:<14} {verdict}", flush=True)


def run(*arguments):
    """The lines of JSON that the bench prints, as they come."""
    with subprocess.Popen([LB_STORE_BENCH, *map(str, arguments)],
                          stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode != 0:
        print(f"bench-store: error: lb_store_bench {arguments[0]} ended with "
              f"{process.returncode}", file=sys.stderr)
        sys.exit(1)


def write_rate(report, options, part):
    found = []
    for _ in range(options.repetitions):
        with tempfile.TemporaryDirectory(dir=options.directory) as directory:
            found += run(part, directory)
    median = {key: statistics.median(one[key] for one in found)
              for key in found[0]}
    ratio = statistics.median(one["store_rows_per_s"] / one["bare_rows_per_s"]
                              for one in found)
    report.add("rows, and in a transaction",
               f"{median['rows']} {median['rows_a_transaction']:.0f}")
    report.add("bare loop, rows/s", f"{median['bare_rows_per_s']:,.0f}")
    report.add("store, rows/s", f"{median['store_rows_per_s']:,.0f}")
    report.add("store / bare loop, median of repetitions", f"{ratio:.2f}",
               f">= {RATE_BAR}", ratio >= RATE_BAR)


def telemetry(report, options):
    write_rate(report, options, "telemetry")


def control(report, options):
    write_rate(report, options, "control")


def delays(report, options):
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        filled, *runs = run("delays", directory, options.records,
                            options.repetitions, options.seconds)
    report.add(f"{options.records:,} records written in, s",
               f"{filled['filled_s']:.1f}")

    def of_each(reading, q):
        return [quantile(one["commit_ms"], q) for one in runs
                if one["reading"] == reading]

    alone = of_each("nothing", 0.99)
    report.add("commits alone: p50, p99, ms",
               f"{statistics.median(of_each('nothing', 0.5)):.1f} "
               f"{statistics.median(alone):.1f}")
    for reading in ("audit", "events", "backup"):
        p99 = of_each(reading, 0.99)
        mine = [one for one in runs if one["reading"] == reading]
        read = sum(one["rows_read"] for one in mine)
        backups = sum(one["backups"] for one in mine)
        report.add(f"while there is read, {reading}: p50, p99, ms",
                   f"{statistics.median(of_each(reading, 0.5)):.1f} "
                   f"{statistics.median(p99):.1f}")
        report.add("  read meanwhile", f"{backups} backups" if backups
                   else f"{read:,} rows")
        # Of the same round each, since disks have better and worse minutes.
        more = statistics.median(b - a for a, b in zip(alone, p99))
        report.add("  p99 more than alone, ms", f"{more:.1f}",
                   f"<= {DELAY_BAR_MS} ms", more <= DELAY_BAR_MS)


PARTS = {f.__name__: f for f in (telemetry, control, delays)}


def main():
    parser = argparse.ArgumentParser(prog="bench-store")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=10,
                        help="of commits, in each repetition")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--directory")
    parser.add_argument("--json")
    options = parser.parse_args()
    report = Report()
    for name in options.only.split(","):
        if name not in PARTS:
            parser.error(f"there is no part {name}; parts: {', '.join(PARTS)}")
        print(name, flush=True)
        PARTS[name](report, options)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report.rows, indent=1))


if __name__ == "__main__":
    main()

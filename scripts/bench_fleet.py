"""The figures of a controller under a fleet; see scripts/bench-fleet."""

import argparse
import contextlib
import json
import math
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/release/bin"
PROCESSES = 4  # that the agents are spread over

# The quickest that a policy allows: every second report may make a plan.
QUICK_POLICY = """\
warm_up_ms: 0
half_life_ms: 100
report_interval_ms: 500
bucket_cooldown_ms: 0
return_time_ms: 0
max_moves_permille: 200
"""


def fail(message):
    print(f"bench-fleet: error: {message}", file=sys.stderr)
    sys.exit(1)


def quantile(values, q):
    values = sorted(values)
    return values[int(q * (len(values) - 1))] if values else float("nan")


class Watched:
    """A process that prints a line of JSON a second."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [BIN / "lb_fleet", *map(str, arguments)], stdout=subprocess.PIPE,
            text=True)
        self.lines = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def last(self, key, default=0):
        return self.lines[-1][key] if self.lines else default

    def wait(self):
        self.process.wait()
        self.thread.join()
        if self.process.returncode != 0:
            fail(f"lb_fleet ended with {self.process.returncode}")


class Fleet:
    """Simulated agents in several processes."""

    def __init__(self, server, count, seconds, *arguments):
        each = -(-count // PROCESSES)
        self.count = count
        self.parts = [
            Watched("agents", *server.tls, "--target", server.target,
                    "--count", min(each, count - first), "--first", first,
                    "--seconds", seconds, *arguments)
            for first in range(0, count, each)]

    def sum(self, key):
        return sum(part.last(key) for part in self.parts)

    def latencies(self, skip_s=0):
        return [ms for part in self.parts for line in part.lines
                if line["seconds"] > skip_s for ms in line["plan_ms"]]

    def stop(self):
        for part in self.parts:
            part.process.send_signal(signal.SIGTERM)
        self.wait()

    def wait(self):
        for part in self.parts:
            part.wait()

    def wait_connected(self, share, limit_s):
        """Seconds until so many are connected, or None."""
        start = time.monotonic()
        while time.monotonic() - start < limit_s:
            if self.sum("connected") >= share * self.count:
                return time.monotonic() - start
            time.sleep(0.05)
        return None


class Server:
    def __init__(self, process, target, tls):
        self.process = process
        self.target = target
        self.tls = ["--tls", tls] if tls else []  # for the agents

    def rss_kb(self):
        for line in open(f"/proc/{self.process.pid}/smaps_rollup"):
            if line.startswith("Rss:"):
                return int(line.split()[1])
        return 0

    def cpu_s(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().split(")")[1]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        self.process.wait()


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, what, limit_s=60):
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > limit_s:
            fail(f"{what} did not happen within {limit_s} s")
        time.sleep(0.02)


@contextlib.contextmanager
def running(server):
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


def certificates(directory, count):
    """Those of a controller and so many agents, in a new directory."""
    tls = directory / "tls"
    tls.mkdir()
    subprocess.run([BIN / "lb_fleet", "certificates", "--tls", tls, "--count",
                    str(count)], check=True)
    (tls / "roles.yaml").write_text("users: {}\n")
    return tls


def bare_server(tls=None):
    target = f"127.0.0.1:{free_port()}"
    watched = Watched("server", *(["--tls", tls] if tls else []), "--listen",
                      target)
    wait_until(lambda: watched.lines, "the bare server's first line")
    server = Server(watched.process, target, tls)
    server.watched = watched
    return server


def controller(directory, port=0, policy=None, tls=None):
    port = port or free_port()
    port_file = directory / "port"
    port_file.unlink(missing_ok=True)
    command = [BIN / "lb-controller", "--data-dir", directory / "data",
               "--run-dir", directory / "run", "--log-level", "error"]
    if tls:
        command += ["--tls-address", f"127.0.0.1:{port}", "--tls-cert",
                    tls / "controller.crt", "--tls-key",
                    tls / "controller.key", "--tls-ca", tls / "ca.crt",
                    "--tls-trust-domain", "fleet", "--tls-roles",
                    tls / "roles.yaml"]
    else:
        command += ["--insecure-loopback", f"127.0.0.1:{port}", "--port-file",
                    port_file]
    if policy:
        (directory / "policy.yaml").write_text(policy)
        command += ["--policy", directory / "policy.yaml"]
    process = subprocess.Popen(command)
    served = directory / "run/viewer.sock" if tls else port_file
    wait_until(served.exists, "the controller's start")
    server = Server(process, f"127.0.0.1:{port}", tls)
    server.port = port
    server.run_dir = directory / "run"
    return server


def lbctl(server, *arguments):
    """Seconds until it was answered; more than any bar if it was not."""
    start = time.monotonic()
    done = subprocess.run(
        [BIN / "lbctl", "--controller", f"unix:{server.run_dir}/viewer.sock",
         "--timeout", "60", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"  lbctl {' '.join(arguments)}: {done.stderr.strip()}")
        return math.inf
    return time.monotonic() - start


def bare_commit_ms(directory, count=300, pace_s=0.0):
    """Times of durable commits of one small row, in milliseconds: one after
    another, or one every `pace_s`, timed from when it is due."""
    db = sqlite3.connect(directory / "bare.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, v BLOB)")
    times = []
    due = time.perf_counter()
    for _ in range(count):
        due = due + pace_s if pace_s else time.perf_counter()
        start = due
        time.sleep(max(0, due - time.perf_counter()))
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO t (v) VALUES (?)", (bytes(2000),))
        db.execute("COMMIT")
        times.append((time.perf_counter() - start) * 1000)
    db.close()
    return times


class Report:
    def __init__(self):
        self.rows = []

    def add(self, what, value, bar=""):
        self.rows.append({"what": what, "value": value, "bar": bar})
        print(f"  {what:<58} {value:>14}  {bar}", flush=True)


def sustained(report, options, directory, tls=None):
    ramp = max(10, options.agents / 200)
    used = {}
    for kind in ("bare", "controller"):
        seconds = ramp + (60 if kind == "bare" else options.seconds)
        start = (bare_server(tls) if kind == "bare"
                 else controller(directory, tls=tls))
        with running(start) as server:
            idle = server.rss_kb()
            fleet = Fleet(server, options.agents, seconds, "--ramp-s",
                          ramp)
            time.sleep(ramp + 30)
            early = server.rss_kb()
            cpu, since = server.cpu_s(), time.monotonic()
            time.sleep(seconds - ramp - 32)
            late = server.rss_kb()
            cpu = (server.cpu_s() - cpu) / (time.monotonic() - since)
            connected = fleet.sum("connected")
            thinned, reports = fleet.sum("thinned"), fleet.sum("reports")
            fleet.wait()
        used[kind] = (late - idle) / options.agents
        report.add(f"{kind}: connected at the end", connected, options.agents)
        report.add(f"{kind}: reports sent, of {fleet.parts[0].last('report_bytes')} bytes", reports)
        report.add(f"{kind}: reports thinned", thinned, "0")
        report.add(f"{kind}: CPUs used", f"{cpu:.2f}")
        report.add(f"{kind}: memory an agent, KB", f"{used[kind]:.1f}")
        report.add(f"{kind}: memory early and late, MB",
                   f"{early // 1024} {late // 1024}", "no growth")
    report.add("controller over bare, KB an agent",
               f"{used['controller'] - used['bare']:.1f}", "40")


def saturated(report, options, directory):
    ratios = []
    for _ in range(3):
        rate = {}
        for kind in ("bare", "controller"):
            with tempfile.TemporaryDirectory(dir=directory) as own:
                start = (bare_server() if kind == "bare"
                         else controller(pathlib.Path(own)))
                with running(start) as server:
                    fleet = Fleet(server, 64, 17, "--saturate")
                    time.sleep(5)
                    first, begun = fleet.sum("reports"), time.monotonic()
                    time.sleep(10)
                    rate[kind] = ((fleet.sum("reports") - first) /
                                  (time.monotonic() - begun))
                    fleet.wait()
        ratios.append(rate["controller"] / rate["bare"])
        report.add("saturated, reports a second: bare, controller",
                   f"{rate['bare']:.0f} {rate['controller']:.0f}")
    report.add("saturated: controller / bare, median of 3",
               f"{quantile(ratios, 0.5):.2f}", "0.6")


def latency(report, options, directory):
    for rate, skewed_buckets in ((10, 4), (1000, 4), (1000, 0)):
        with tempfile.TemporaryDirectory(dir=directory) as own:
            own = pathlib.Path(own)
            before = bare_commit_ms(own)
            paced = bare_commit_ms(own, count=1000, pace_s=0.02)
            with running(controller(own, policy=QUICK_POLICY)) as server:
                skew = int(1000 * 1000 / rate)
                fleet = Fleet(server, 1000, 70, "--ramp-s", 5,
                              "--interval-ms", 500, "--skew-ms", skew,
                              "--skewed-buckets", skewed_buckets)
                fleet.wait()
            commits = before + bare_commit_ms(own)
        found = fleet.latencies(skip_s=15)
        bare = quantile(commits, 0.99)
        moves = fleet.sum("moves") / max(1, fleet.sum("plans"))
        report.add(f"plans a second, {rate} asked for; moves in each",
                   f"{len(found) / 55:.0f} {moves:.1f}")
        report.add("report sent to plan received, ms: p50, p99",
                   f"{quantile(found, .5):.1f} {quantile(found, .99):.1f}",
                   f"{10 + 3 * bare:.1f}")
        report.add("bare commit, ms: p50, p99",
                   f"{quantile(commits, .5):.1f} {bare:.1f}")
        report.add("bare commits, 50 a second, from when they are due: p50, p99",
                   f"{quantile(paced, .5):.1f} {quantile(paced, .99):.1f}")


def storm(report, options, directory, tls=None, limit_s=30):
    with running(controller(directory, tls=tls)) as server:
        fleet = Fleet(server, options.agents, 150)
        in_after = []
        waiting = threading.Thread(
            target=lambda: in_after.append(fleet.wait_connected(1, 120)))
        waiting.start()
        asked = ("controller status", "host list", "host list -o json")
        slowest = dict.fromkeys(asked, 0)
        while waiting.is_alive():
            for words in asked:
                slowest[words] = max(slowest[words],
                                     lbctl(server, *words.split()))
            time.sleep(0.3)
        report.add(f"{options.agents} agents at once: all in after, s",
                   f"{in_after[0]:.1f}" if in_after[0] else "never", limit_s)
        for words in asked:
            report.add(f"lbctl {words} meanwhile, slowest, s",
                       f"{slowest[words]:.2f}", "3")
        fleet.stop()


def planned_anew(directory, term):
    """How many hosts were planned in a term, and how many of them before their
    first report in it had come."""
    db = sqlite3.connect(directory / "data/control.db")
    db.execute("ATTACH ? AS telemetry", (str(directory / "data/telemetry.db"),))
    return db.execute("""
        SELECT count(*), coalesce(sum(reported IS NULL OR planned < reported), 0)
        FROM (SELECT host, min(create_time_ns) AS planned
              FROM plans WHERE term = :term GROUP BY host)
        LEFT JOIN (SELECT host, min(time_ns) AS reported
                   FROM telemetry.processor_samples
                   WHERE time_ns >= (SELECT start_time_ns FROM terms
                                     WHERE term = :term)
                   GROUP BY host) USING (host)""",
                      {"term": term}).fetchone()


def failover(report, options, directory):
    server = controller(directory, policy=QUICK_POLICY)
    fleet = Fleet(server, 3000, 120, "--ramp-s", 15, "--interval-ms",
                  500, "--skew-ms", 20000)
    fleet.wait_connected(1, 60)
    time.sleep(15)
    server.kill(signal.SIGKILL)
    time.sleep(1.5)  # the last lines of the fleet
    acknowledged = fleet.sum("acknowledged")
    time.sleep(6.5)
    plans = fleet.sum("plans")
    with running(controller(directory, server.port, QUICK_POLICY)) as server:
        back = fleet.wait_connected(0.95, 60)
        report.add("killed under 3,000, back after 8 s: 95% in after, s",
                   f"{back:.1f}" if back else "never", "15")
        time.sleep(15)
        report.add("epochs used again", fleet.sum("reused_epochs"), "0")
        report.add("plans since", fleet.sum("plans") - plans)
        fleet.stop()
    db = sqlite3.connect(directory / "data/control.db")
    (stored,) = db.execute(
        "SELECT count(*) FROM plans WHERE term = 1 AND state IN "
        "('APPLIED', 'PARTIAL', 'MEASURED')").fetchone()
    report.add("results acknowledged before the kill, and in the store",
               f"{acknowledged} {stored}", "none lost")
    planned, early = planned_anew(directory, 2)
    report.add(f"of {planned} hosts planned since, before they had reported",
               early, "0")


def sustained_mtls(report, options, directory):
    sustained(report, options, directory,
              certificates(directory, options.agents))


def storm_mtls(report, options, directory):
    storm(report, options, directory, certificates(directory, options.agents),
          90)


PARTS = {f.__name__.replace("_", "-"): f
         for f in (sustained, sustained_mtls, saturated, latency, storm,
                   storm_mtls, failover)}


def main():
    parser = argparse.ArgumentParser(prog="bench-fleet")
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--json")
    options = parser.parse_args()
    report = Report()
    for name in options.only.split(","):
        if name not in PARTS:
            parser.error(f"there is no part {name}; parts: {', '.join(PARTS)}")
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as directory:
            PARTS[name](report, options, pathlib.Path(directory))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report.rows, indent=1))


if __name__ == "__main__":
    main()

"""The demo's run: starts a controller and three agents, watches, sums up.

Called by scripts/demo once everything is built. Standard library only.
"""
import argparse
import collections
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build" / "release" / "bin"
PROCESSORS = 4
WINDOW_S = 5.0
REPORT_INTERVAL_MS = 500
REVIVE_AFTER_S = 3.0

# Each host's traffic, in words and as a source, and the number its hash key is
# made from. A packet costs 20 us of CPU; each processor is allowed a sixth of a
# CPU. Keys are fixed so that every run deals the same connections to the same
# buckets; these deal them badly.
Traffic = collections.namedtuple("Traffic", "words source key")
HOSTS = {
    "alpha": Traffic("a recorded capture (web, iperf3, DNS), looped",
                     f"pcap:{ROOT}/tests/data/mixed.pcap,loop,speed=5", 36),
    "beta": Traffic("300 connections, Zipf 0.9",
                    "generate:seed=1,connections=300,zipf=0.9,rate=10000", 28),
    "gamma": Traffic("6 elephants with half the packets, 394 mice",
                     "generate:seed=2,connections=400,elephants=6,share=0.5,"
                     "rate=10000", 10),
}
HANDLER = "burn:20us"
CAPACITY = "1/6"
POLICY = f"""\
report_interval_ms: {REPORT_INTERVAL_MS}
half_life_ms: 2000
warm_up_ms: 5000
max_moves_permille: 100
"""


class DemoError(Exception):
    """What went wrong, in one line."""


class Program:
    """A process this demo started. One to be revived is started again when it
    ends, as a service manager would."""

    def __init__(self, name, arguments, log_path, revived):
        self.name = name
        self.arguments = [str(a) for a in arguments]
        self.log_path = log_path
        self.revived = revived
        self.down_since = None
        self.revived_at = None
        self.process = None
        self.start()

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)
        self.down_since = None

    def ended(self):
        lines = self.log_path.read_text(errors="replace").splitlines()
        return DemoError(f"{self.name} ended with exit code "
                         f"{self.process.returncode}: "
                         f"{lines[-1] if lines else 'no output'}")

    def check(self):
        if self.process.poll() is None:
            return
        if not self.revived:
            raise self.ended()
        if self.down_since is None:
            self.down_since = time.monotonic()
        elif time.monotonic() - self.down_since > REVIVE_AFTER_S:
            self.start()
            self.revived_at = time.monotonic()

    def recovering(self):
        """Down, or up again for less than 10 s."""
        return self.down_since is not None or (
            self.revived_at is not None
            and time.monotonic() - self.revived_at < 10)


class Programs:
    """The processes this demo started; stops them in reverse order."""

    def __init__(self, directory):
        self.directory = directory
        self.running = []

    def start(self, name, *arguments, revived=False):
        program = Program(name, arguments, self.directory / f"{name}.log",
                          revived)
        self.running.append(program)
        return program

    def check(self):
        for program in self.running:
            program.check()

    def stop(self):
        for program in reversed(self.running):
            if program.process.poll() is None:
                program.process.send_signal(signal.SIGTERM)
        for program in reversed(self.running):
            try:
                program.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                print(f"demo: {program.name} did not stop within 10 s; killed",
                      file=sys.stderr)
                program.process.kill()
                program.process.wait()


class Watch:
    """Asks the controller, and keeps what it said for the means of 5 s."""

    def __init__(self, address):
        self.address = address
        self.hosts = {}
        self.samples = collections.defaultdict(list)  # (time, utilizations)
        self.first_plan = {}  # host -> time its first plan was seen

    def lbctl(self, *arguments):
        done = subprocess.run(
            [BIN / "lbctl", *arguments, "--controller", self.address,
             "--insecure-loopback", "-o", "json"],
            capture_output=True, text=True, timeout=20, check=False)
        if done.returncode != 0:
            raise DemoError(done.stderr.strip() or "lbctl failed")
        return json.loads(done.stdout)

    def poll(self):
        now = time.monotonic()
        for host in self.lbctl("host", "list")["hosts"]:
            name = host["name"].removeprefix("hosts/")
            previous = self.hosts.get(name, {}).get("report_time")
            self.hosts[name] = host
            if int(host["plan_count"]) > 0:
                self.first_plan.setdefault(name, now)
            if host["processors"] and host.get("report_time") != previous:
                self.samples[name].append(
                    (now, [p["utilization"] for p in host["processors"]]))

    def mean(self, name, start, end):
        """Utilizations of the processors, means over [start, end]; None where
        no report came."""
        rows = [u for t, u in self.samples[name] if start <= t <= end]
        if not rows:
            return None
        return [sum(column) / len(rows) for column in zip(*rows)]

    def before(self, name):
        """The last 5 s before the host's first plan."""
        end = self.first_plan.get(name, time.monotonic())
        return self.mean(name, end - WINDOW_S, end)

    def latest(self, name):
        now = time.monotonic()
        return self.mean(name, now - WINDOW_S, now)


def imbalance(utilizations):
    """max(U_i) / U; the processors' capacities are equal here."""
    mean = sum(utilizations) / len(utilizations)
    return max(utilizations) / mean if mean > 0 else 1.0


def bar(utilization, width=16):
    full = min(width, round(utilization * width))
    return "█" * full + "·" * (width - full)


def live_lines(watch, elapsed, seconds, note):
    lines = [f"lb demo   {elapsed:3.0f} of {seconds:.0f} s   "
             f"one controller, {len(HOSTS)} hosts of {PROCESSORS} processors",
             note]
    for name, traffic in HOSTS.items():
        host = watch.hosts.get(name)
        utilizations = watch.latest(name)
        if utilizations is None:
            lines += [f"{name:6} no report for 5 s", ""]
            continue
        lines.append(
            f"{name:6} imbalance {imbalance(utilizations):5.2f}   "
            f"plans {int(host['plan_count']):3}   "
            f"moves {int(host['move_count']):4}   {traffic.words}")
        for i, utilization in enumerate(utilizations):
            lines.append(f"   P{i} {bar(utilization)} {utilization:6.1%}")
        lines += [f"   {host.get('reason', '')}"[:79], ""]
    return lines


def show(watch, started, seconds, live, note):
    elapsed = time.monotonic() - started
    if live:
        text = "\n".join(live_lines(watch, elapsed, seconds, note))
        print(f"\x1b[H\x1b[J{text}", flush=True)
        return
    latest = {name: watch.latest(name) for name in HOSTS}
    parts = [f"{name} {imbalance(utilizations):.2f}"
             for name, utilizations in latest.items() if utilizations]
    print(f"{elapsed:5.0f} s   imbalance: {'   '.join(parts) or 'no reports'}"
          f"{'   ' + note if note else ''}", file=sys.stderr, flush=True)


def start_all(directory, programs):
    policy = directory / "policy.yaml"
    policy.write_text(POLICY)
    port_file = directory / "controller.port"
    port_file.unlink(missing_ok=True)
    controller = programs.start(
        "lb-controller", BIN / "lb-controller", "--config", "/dev/null",
        "--data-dir", directory / "history", "--run-dir", directory / "run",
        "--insecure-loopback", "127.0.0.1:0", "--port-file", port_file,
        "--policy", policy, revived=True)
    deadline = time.monotonic() + 20
    while not port_file.exists():
        if controller.process.poll() is not None:
            raise controller.ended()
        if time.monotonic() > deadline:
            raise DemoError("lb-controller was not up within 20 s; see "
                            f"{directory}/lb-controller.log")
        time.sleep(0.05)
    address = f"127.0.0.1:{port_file.read_text().strip()}"
    controller.arguments[controller.arguments.index("127.0.0.1:0")] = address
    for name, traffic in HOSTS.items():
        key = directory / f"{name}.key"
        key.touch(mode=0o600)
        key.write_text(f"siphash {traffic.key:032x}\n")
        programs.start(
            f"lb-agent-{name}", BIN / "lb-agent", "--host", name,
            "--controller", address, "--insecure-loopback", "--state-dir",
            directory / f"state-{name}", "--processors", PROCESSORS,
            "--capacity", CAPACITY, "--no-spin", "--key-file", key,
            "--source", traffic.source, "--handler", HANDLER)
    return controller, address


def summarize(watch):
    results = []
    for name in HOSTS:
        host = watch.hosts.get(name)
        if host is None:
            raise DemoError(f"{name} never connected")
        if watch.before(name) is None or watch.latest(name) is None:
            raise DemoError(f"no reports of {name} for 5 s")
        counters = host["counters"]
        results.append({
            "host": name,
            "imbalance_before": round(imbalance(watch.before(name)), 3),
            "imbalance_after": round(imbalance(watch.latest(name)), 3),
            "plans": int(host["plan_count"]),
            "moves": int(host["move_count"]),
            "lost": int(counters["lost"]),
            "reordered": int(counters["reordered"]),
        })
    return results


def percentages(utilizations):
    return " ".join(f"{u:5.0%}" for u in utilizations)


def print_summary(watch, results, history):
    print("\nUtilization of each processor, and imbalance (max / mean), "
          "means of 5 s\n")
    for row in results:
        name = row["host"]
        print(f"{name:6} before {percentages(watch.before(name))}   "
              f"imbalance {row['imbalance_before']:.2f}")
        print(f"{'':6} after  {percentages(watch.latest(name))}   "
              f"imbalance {row['imbalance_after']:.2f}")
    print("\nPlans\n")
    print(f"{'plan':16} {'moves':>5} {'longest pause':>13} {'dropped':>7} "
          f"{'lost':>4} {'reordered':>9}   imbalance: before, predicted, "
          "achieved")
    for name in HOSTS:
        plans = watch.lbctl("plan", "list", "--host", name)["plans"]
        for plan in reversed(plans):
            cost = plan.get("cost") or {}
            dropped = sum(int(n) for n in (cost.get("dropped") or {}).values())
            achieved = plan.get("imbalance_achieved")
            print(f"{name + '/' + plan['epoch']:16} {plan['move_count']:5} "
                  f"{int(plan['max_pause_ns']) / 1e6:10.1f} ms {dropped:7} "
                  f"{int(cost.get('lost', 0)):4} "
                  f"{int(cost.get('reordered', 0)):9}   "
                  f"{plan['imbalance_before']:.2f}, "
                  f"{plan['imbalance_predicted']:.2f}, "
                  f"{'not yet' if achieved is None else f'{achieved:.2f}'}")
    print(f"\nThe history lies in {history}")


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="One controller evens out three hosts of four processors "
        "each, on loopback. The hosts process real packets whose connections "
        "are skewed; they are left alone for 5 s, then balanced. Kill the "
        "controller meanwhile, if you like: the hosts go on, and the demo starts "
        "it again.")
    parser.add_argument(
        "--once", action="store_true",
        help="run 30 s, without a terminal: one line every 5 s")
    parser.add_argument(
        "--seconds", type=float, default=None, metavar="S",
        help="how long to run; 60, or 30 with --once")
    parser.add_argument(
        "--json", action="store_true",
        help="end with one JSON line on standard output instead of tables")
    parser.add_argument(
        "--keep", action="store_true",
        help="stay up afterwards, for you to try lbctl, until Ctrl-C")
    parser.add_argument(
        "--dir", type=pathlib.Path, metavar="DIR",
        help="directory for the history, logs and state; a new temporary one "
        "by default, kept afterwards")
    arguments = parser.parse_args()
    if arguments.seconds is None:
        arguments.seconds = 30.0 if arguments.once else 60.0
    if arguments.seconds < 15:
        parser.error(f"--seconds is {arguments.seconds:g}; use 15 or more")
    return arguments


def run(arguments, directory, programs):
    live = sys.stdout.isatty() and not arguments.once and not arguments.json
    controller, address = start_all(directory, programs)
    watch = Watch(address)
    started = time.monotonic()
    next_line = started + WINDOW_S
    while (time.monotonic() - started < arguments.seconds
           or controller.recovering()):
        programs.check()
        note = ""
        try:
            watch.poll()
        except DemoError:
            programs.check()
            if not controller.recovering():
                raise
            note = "the controller is down; the hosts go on with their tables"
        if live or time.monotonic() >= next_line:
            show(watch, started, arguments.seconds, live, note)
            next_line += WINDOW_S
        time.sleep(REPORT_INTERVAL_MS / 1000)
    results = summarize(watch)
    history = directory / "history"
    if not arguments.json:
        print_summary(watch, results, history)
    if arguments.keep:
        print("\nStill running; Ctrl-C ends it. Try, in another terminal:\n"
              f"  export LBCTL_CONTROLLER=unix:{directory}/run/viewer.sock\n"
              f"  {BIN / 'lbctl'} host list", file=sys.stderr, flush=True)
        while True:
            programs.check()
            time.sleep(1)
    return {"hosts": results, "history": str(history)}


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if arguments.dir:
        arguments.dir.mkdir(parents=True, exist_ok=True)
        directory = arguments.dir.resolve()
    else:
        directory = pathlib.Path(tempfile.mkdtemp(prefix="lb-demo-"))
    programs = Programs(directory)
    try:
        outcome = run(arguments, directory, programs)
    except DemoError as error:
        print(f"demo: error: {error}; logs are in {directory}",
              file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\ndemo: stopped; the history lies in {directory}/history",
              file=sys.stderr)
        return 0
    finally:
        programs.stop()
    if arguments.json:
        print(json.dumps(outcome), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Runs the weft command on running programs. usage: weft_test.py WEFT SAMPLE_PROGRAM"""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

WEFT, SAMPLE = sys.argv[1], sys.argv[2]
WAIT_MAX = 60  # seconds for what takes some milliseconds, unless the machine is busy
SOURCE = Path(__file__).with_name("sample_program.cpp").read_text().splitlines()


def line_of(place):
    """Returns the number of the line that is marked with this place."""
    return next(i for i, line in enumerate(SOURCE, 1) if line.endswith(f"// place: {place}"))


def weft(*arguments):
    return subprocess.run([WEFT, *map(str, arguments)], capture_output=True, text=True, timeout=60)


def weft_until(is_right, *arguments):
    """Runs the command until the result is as expected, or too much time has passed."""
    end = time.monotonic() + WAIT_MAX
    while True:
        done = weft(*arguments)
        if is_right(done) or time.monotonic() > end:
            return done
        time.sleep(0.01)


def without_times(line):
    """From a second on, the tree tells how long a task has waited; a slow machine takes that."""
    return re.sub(r"waits [0-9.]+ \w+ for", "waits for", re.sub(r", [\w .]+ left", "", line))


class Program:
    """A running sample program that has said "ready", or its first number."""

    def __init__(self, mode="still", program=SAMPLE):
        self.process = subprocess.Popen(
            [program, mode], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.first = self.process.stdout.readline().strip()
        self.pid = self.process.pid
        self.errors = b""

    def read_errors_until(self, is_right):
        """Reads stderr until it is as expected, or too much time has passed."""
        end = time.monotonic() + WAIT_MAX
        pipe = self.process.stderr.fileno()
        while not is_right(self.errors.decode(errors="replace")) and time.monotonic() < end:
            if select.select([pipe], [], [], 1)[0]:
                read = os.read(pipe, 65536)
                if not read:
                    return
                self.errors += read

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


class ShowsTasks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.addClassCleanup(cls.program.__exit__)

    def show(self, *arguments):
        done = weft(*arguments, self.program.pid)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_ps_has_a_line_for_each_task(self):
        text = self.show("ps")
        rows = {}
        for line in text.splitlines():
            fields = re.split(r"  +", line.strip())
            if len(fields) == 10:
                rows[fields[2]] = fields
        pid = str(self.program.pid)
        expected = {
            "Task-1": ["waiting", "TaskGroup", "-"],
            "crawler": ["waiting", "gather of 2", "Task-1,watcher"],
            "watcher": ["waiting", "task 'crawler'", "Task-1"],
            "news": ["waiting", "Future", "Task-1"],
            "metrics": ["waiting", "sleep", "-"],
            "client-7": ["waiting", "sleep", "Task-1"],
            "café ?[31m": ["waiting", "sleep", "Task-1"],
        }
        for name, fields in expected.items():
            state, age, waits_for, _, awaited_by = rows[name][3:8]
            self.assertEqual([state, waits_for, awaited_by], fields, text)
            self.assertRegex(age, r"^\d+ ms$|^\d+\.\d s$|^\d+ min \d+ s$", text)
            self.assertEqual(rows[name][0], pid)
        for name, place in [("crawler", "crawl"), ("watcher", "watch"), ("news", "wait_for_news"),
                            ("metrics", "flush_metrics")]:
            self.assertEqual(rows[name][8:], [place, f"sample_program.cpp:{line_of(place)}"])
        self.assertIn("28 tasks in 1 loop", text)
        self.assertRegex(rows["metrics"][6], r"^5\d min \d+ s left$")

    def test_pstree_has_each_await(self):
        text = self.show("pstree")
        squeezed = [re.sub(r" +", " ", without_times(line)).strip() for line in text.splitlines()]
        place = {name: f"sample_program.cpp:{line_of(name)}"
                 for name in ["crawl", "fetch", "download", "watch", "flush_metrics"]}
        expected = [
            "├── crawler waits for gather of 2",
            f"│ │ crawl {place['crawl']}",
            "│ ├── Task-27 waits for sleep",
            f"│ │ fetch {place['fetch']}",
            f"│ │ download {place['download']}",
        ]
        at = squeezed.index(expected[0])
        self.assertEqual(squeezed[at:at + 5], expected, text)
        self.assertIn("└┄┄ metrics waits for sleep", squeezed)
        self.assertTrue(any("… and 19 more tasks like client-0" in line for line in squeezed), text)
        self.assertNotIn("task_group.hpp", text)
        everything = self.show("pstree", "--all")
        self.assertIn("task_group.hpp", everything)
        self.assertIn("client-19", everything)

    def test_json_has_it_all(self):
        for command in ["ps", "pstree"]:
            data = json.loads(self.show(command, "--json"))
            self.assertEqual([loop["backend"] for loop in data["loops"]],
                             [os.environ.get("WEFT_BACKEND", "epoll")] * len(data["loops"]))
            self.assertEqual(data["pid"], self.program.pid)
            tasks = {task["name"]: task for task in data["loops"][0]["tasks"]}
            self.assertEqual(len(tasks), 28)
            chain = [(re.search(r"(\w+)\(\w*\)$", place["function"])[1], place["line"])
                     for place in tasks["Task-27"]["await_chain"] if not place["library"]]
            self.assertEqual(chain, [("download", line_of("download")), ("fetch", line_of("fetch"))])
            self.assertEqual(tasks["crawler"]["awaits"],
                             [tasks["Task-27"]["id"], tasks["Task-28"]["id"]])
            self.assertFalse(data["loops"][0]["incomplete"])

    def test_the_program_may_be_stripped_and_moved(self):
        strip = shutil.which("strip") or shutil.which("llvm-strip-19")
        with tempfile.TemporaryDirectory() as folder:
            stripped = Path(folder) / "stripped"
            shutil.copy(SAMPLE, stripped)
            subprocess.run([strip, stripped], check=True)
            with Program(program=stripped) as program:
                stripped.unlink()
                done = weft("ps", program.pid)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("crawler", done.stdout)

    def test_each_thread_has_its_loop(self):
        with Program("threads") as program:
            expected = "29 tasks in 2 loops"
            done = weft_until(lambda done: expected in done.stdout, "pstree", program.pid)
            self.assertIn(expected, done.stdout)


class TellsWhereTasksWait(unittest.TestCase):
    def test_sockets_files_processes_and_locks_have_names(self):
        with Program("io") as program:
            port, client, child = program.first.split()
            done = weft("ps", "--json", program.pid)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            (loop,) = json.loads(done.stdout)["loops"]
            found = {task["name"]: (task["waits_for"], task["waits_on"]) for task in loop["tasks"]}
            here, there = f"127.0.0.1:{port}", f"127.0.0.1:{client}"
            expected = {
                "server": ("StreamReader.readline", f"{here}->{there}"),
                "client": ("StreamReader.read", f"{there}->{here}"),
                "acceptor": ("sock_accept", here.replace(port, "")),
                "child": ("Process.wait", f"process {child}"),
            }
            for name, (waits_for, waits_on) in expected.items():
                self.assertEqual(found[name][0], waits_for)
                self.assertTrue(found[name][1].startswith(waits_on), found[name])
            self.assertTrue(found["child"][1].endswith(child), found["child"])
            # The same lock, and another one.
            self.assertEqual(found["lock-1"][0], "Lock.acquire")
            self.assertEqual(found["lock-1"], found["lock-2"])
            self.assertNotEqual(found["lock-1"], found["other-lock"])
            self.assertRegex(found["lock-1"][1], "^0x[0-9a-f]+$")

    def test_ages_grow(self):
        before = time.monotonic()
        with Program("io") as program:
            def age():
                (loop,) = json.loads(weft("ps", "--json", program.pid).stdout)["loops"]
                return {task["name"]: task["age"] for task in loop["tasks"]}["client"]

            self.assertLessEqual(age(), time.monotonic() - before)
            weft_until(lambda _: age() >= 1, "ps", program.pid)
            tree = weft("pstree", program.pid).stdout
            self.assertRegex(tree, r"client +waits \d+\.\d s for StreamReader.read on 127.0.0.1:")


class ReadsWhileTasksChange(unittest.TestCase):
    # Goal:   what changes while it is read is neither misread nor held up.
    # Method: read a program that makes some million tasks a second, two hundred times.
    def test_a_program_that_churns_tasks(self):
        with Program("churn") as program:
            output = program.process.stdout.fileno()
            os.set_blocking(output, False)
            counts = [int(program.first)]
            names = {"Task-1", "churn-a", "churn-b", "odd", "a rather long name, allocated"}
            seen_main = 0
            for i in range(200):
                done = weft("ps", "--json", program.pid)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                (loop,) = json.loads(done.stdout)["loops"]
                for task in loop["tasks"]:
                    self.assertTrue(task["name"] in names or re.fullmatch(r"Task-\d+", task["name"]),
                                    task)
                    self.assertIn(task["state"], ["ready", "running", "waiting"])
                    self.assertLess(task["age"] or 0, 3600)
                    self.assertTrue(task["waits_for"] in ["", "sleep", "TaskGroup"] or
                                    task["waits_for"].startswith("task '"), task)
                    for place in task["await_chain"]:
                        self.assertTrue(place["file"].endswith((".cpp", ".hpp")), task)
                seen_main += any(task["name"] == "Task-1" for task in loop["tasks"])
                if i % 20 == 0:
                    self.assertEqual(weft("pstree", program.pid).returncode, 0)
                try:
                    counts += map(int, os.read(output, 65536).split())
                except BlockingIOError:
                    pass
            self.assertGreater(seen_main, 150)
            self.assertIsNone(program.process.poll())
            self.assertGreater(len(counts), 5)
            self.assertTrue(all(a < b for a, b in zip(counts, counts[1:])), counts)


class SaysWhatIsWrong(unittest.TestCase):
    def fails(self, code, text, *arguments):
        done = weft(*arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(text, done.stderr)

    def test_no_such_process(self):
        child = subprocess.Popen(["true"])
        child.wait()
        self.fails(1, f"there is no process {child.pid}", "ps", child.pid)
        self.fails(1, "there is no process -1", "pstree", "--", "-1")

    def test_wrong_usage(self):
        self.fails(2, "PID", "ps", "abc")
        self.fails(2, "subcommand", "-x")
        self.assertEqual(weft("--help").returncode, 0)
        self.assertIn("Exit codes", weft("ps", "--help").stdout)

    def test_no_weft_program(self):
        with subprocess.Popen(["sleep", "60"]) as other:
            # Popen returns once the child runs its program.
            self.fails(4, "(sleep) is no weft program", "ps", other.pid)
            other.kill()

    def test_a_process_that_has_ended_but_is_not_forgotten(self):
        child = subprocess.Popen(["true"])
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        self.fails(1, "has ended", "ps", child.pid)
        child.wait()

    @unittest.skipUnless(os.getuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_no_permission(self):
        with Program() as program, tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            copy = Path(folder) / "weft"
            shutil.copy(WEFT, copy)
            # A sanitizer's settings may name files that only root may read.
            environment = {name: value for name, value in os.environ.items()
                           if not name.endswith("SAN_OPTIONS")}
            done = subprocess.run(
                ["setpriv", "--reuid=65534", "--clear-groups", copy, "ps", str(program.pid)],
                capture_output=True, text=True, env=environment,
            )
            self.assertEqual(done.returncode, 3)
            self.assertIn("CAP_SYS_PTRACE", done.stderr)

    # The version is changed in the file, where the table lies in its section.
    def test_another_version_of_the_table(self):
        data = bytearray(Path(SAMPLE).read_bytes())
        at = data.index(b"weft\0\0\0\0\x03\0\0\0")
        data[at + 8] = 99
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder) / "other"
            other.write_bytes(data)
            other.chmod(0o755)
            with Program(program=other) as program:
                self.fails(5, "version 99 of the debug table, and this command knows version 3",
                           "ps", program.pid)


class DumpsOnSigquit(unittest.TestCase):
    def test_the_tree_goes_to_stderr_and_the_program_goes_on(self):
        with Program("threads") as program:
            weft_until(lambda done: "29 tasks in 2 loops" in done.stdout, "ps", program.pid)
            for times in [1, 2]:
                program.process.send_signal(signal.SIGQUIT)
                program.read_errors_until(
                    lambda text: text.count("28 tasks in thread") == times
                    and text.count("1 task in thread") == times
                )
            self.assertIsNone(program.process.poll())
            program.process.send_signal(signal.SIGINT)
            _, rest = program.process.communicate(timeout=WAIT_MAX)
            errors = program.errors.decode() + rest
            self.assertEqual(program.process.returncode, 130)
            self.assertEqual(errors.count("28 tasks in thread"), 2, errors)
            self.assertEqual(errors.count("1 task in thread"), 2, errors)
            self.assertIn("crawler", errors)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

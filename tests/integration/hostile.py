#!/usr/bin/env python3
"""Usage: hostile.py attack|queue --url SCEP-URL --health URL --pid NDESD --crpd CRPD --messages DIR

attack: hostile input of every kind against one ndesd, while a good client enrols all the time.
queue:  more requests than workers and queue (2 and 4) take while the CRP hangs.

Prints "ok NAME" or "not_ok NAME: what was found" for each check. Used by fault_hostile.sh."""
import argparse
import glob
import http.client
import os
import re
import resource
import signal
import socket
import statistics
import threading
import time
from urllib.parse import urlsplit

ATTACKER = "127.0.0.2"
PATIENCE = 10  # seconds; of a device that is not to notice
MOST_MEMORY = 64  # MB

# DER of the attributes' OBJECT IDENTIFIERs with what follows up to the value.
PKI_STATUS = bytes.fromhex("060a6086480186f8450109033103" "1301")
FAIL_INFO = bytes.fromhex("060a6086480186f8450109043103" "1301")
SENDER_NONCE = bytes.fromhex("060a6086480186f8450109053112" "0410")
SIGNING_TIME = bytes.fromhex("06092a864886f70d010905310f" "170d")


def check(name, good, found=""):
    print(f"ok {name}" if good else f"not_ok {name}: {found}", flush=True)


class Server:
    def __init__(self, options):
        url = urlsplit(options.url)
        self.host, self.port, self.path = url.hostname, url.port, url.path
        self.health = urlsplit(options.health)
        self.pid, self.crpd = options.pid, options.crpd
        self.messages = options.messages

    def message(self, name):
        with open(os.path.join(self.messages, name + ".der"), "rb") as file:
            return file.read()

    def names(self, prefix):
        files = glob.glob(os.path.join(self.messages, prefix + "*.der"))
        return sorted(os.path.basename(file)[: -len(".der")] for file in files)

    def post(self, body, source="", timeout=PATIENCE):
        """Status, headers, body; on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout, source_address=(source, 0))
        try:
            connection.request("POST", self.path + "?operation=PKIOperation", body)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def connect(self, source=ATTACKER, timeout=PATIENCE):
        return socket.create_connection((self.host, self.port), timeout, (source, 0))

    def raw(self, octets):
        """Status of the answer to exactly these octets; 0: closed without one."""
        with self.connect() as connection:
            answer = b""
            try:
                connection.sendall(octets)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused before all was sent; the answer is there all the same
            try:
                while b"\r\n" not in answer:
                    piece = connection.recv(4096)
                    if not piece:
                        break
                    answer += piece
            except OSError:
                pass
            match = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
            return int(match[1]) if match else 0

    def is_live(self):
        connection = http.client.HTTPConnection(self.health.hostname, self.health.port, timeout=PATIENCE)
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200

    def peak_memory(self):
        """MB of resident memory at most since its start."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s*(\d+) kB", file.read())[1]) / 1024


def value_after(reply, pattern):
    place = reply.find(pattern)
    return chr(reply[place + len(pattern)]) if place >= 0 else ""


class GoodClient(threading.Thread):
    """Enrols with one good message after the other, each once, until told to stop."""

    def __init__(self, server):
        super().__init__()
        self.server, self.stopping = server, threading.Event()
        self.times, self.faults = [], []
        self.enrolled = 0

    def run(self):
        for name in self.server.names("good-"):
            if self.stopping.is_set():
                return
            begun = time.monotonic()
            try:
                status, _, reply = self.server.post(self.server.message(name))
                if status != 200 or value_after(reply, PKI_STATUS) != "0":
                    self.faults.append(f"{name}: HTTP {status}, pkiStatus {value_after(reply, PKI_STATUS)!r}")
                else:
                    self.enrolled += 1
            except OSError as error:
                self.faults.append(f"{name}: {error}")
            self.times.append(time.monotonic() - begun)
            self.stopping.wait(0.15)

    def report(self):
        self.stopping.set()
        self.join()
        check("the good client enrolled all the time", len(self.times) >= 50, f"{len(self.times)} times")
        check("each good enrolment succeeded at once", not self.faults, "; ".join(self.faults[:5]))
        milliseconds = [1000 * seconds for seconds in self.times]
        print(f"good client: {len(milliseconds)} enrolments, median {statistics.median(milliseconds):.0f} ms, "
              f"slowest {max(milliseconds):.0f} ms")


def message_types(server):
    wrong = []
    for name in server.names("type-") + ["renewal"]:
        status, _, reply = server.post(server.message(name), ATTACKER)
        expected = "0" if name == "type-19" else "2"
        if status != 200 or value_after(reply, PKI_STATUS) != expected:
            wrong.append(f"{name}: HTTP {status}, pkiStatus {value_after(reply, PKI_STATUS)!r}")
    check("every messageType but 19 is refused in a CertRep", not wrong, "; ".join(wrong[:5]))


def without_chance(reply):
    """The reply with our nonce, the time and the signature (the last 256 octets) blanked."""
    octets = bytearray(reply)
    for pattern, length in ((SENDER_NONCE, 16), (SIGNING_TIME, 13)):
        place = reply.find(pattern)
        if place >= 0:
            octets[place + len(pattern) : place + len(pattern) + length] = bytes(length)
    octets[-256:] = bytes(256)
    return bytes(octets)


def decryption_failures(server):
    seen = {}
    for name in server.names("decrypt-"):
        status, headers, reply = server.post(server.message(name), ATTACKER)
        headers.pop("Date", None)
        facts = (status, tuple(sorted(headers.items())), value_after(reply, FAIL_INFO), without_chance(reply))
        seen.setdefault(facts, []).append(name)
    check("every way to fail decryption gives the same octets", len(seen) == 1 and len(server.names("decrypt-")) >= 10,
          " / ".join(f"{facts[0]} failInfo {facts[2]}: {names}" for facts, names in seen.items()))
    check("and they say badMessageCheck", all(facts[:1] + facts[2:3] == (200, "1") for facts in seen), "")


def malformed_http(server):
    path = server.path.encode()
    head = b"Host: a\r\n\r\n"
    cases = {
        "a version of the future": (b"GET / HTTP/9.9\r\n" + head, 505),
        "no version": (b"GET /\r\n" + head, 400),
        "an unknown method": (b"BREW / HTTP/1.1\r\n" + head, 501),
        "a method that is not served": (b"PATCH / HTTP/1.1\r\n" + head, 405),
        "bare line feeds": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
        "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + head, 400),
        "a length and chunks": (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n" + head, 400),
        "a negative length": (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n" + head, 400),
        "a huge length": (b"POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n" + head, 413),
        "a folded line": (b"GET / HTTP/1.1\r\nX: a\r\n b\r\n" + head, 400),
        "a control character": (b"GET / HTTP/1.1\r\nX: a\x00b\r\n" + head, 400),
        "a thousand fields": (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + head, 431),
        "a header of 100 KiB": (b"GET / HTTP/1.1\r\nX: " + b"y" * 102400 + b"\r\n" + head, 431),
        "an escaped NUL": (b"GET " + path + b"%00 HTTP/1.1\r\n" + head, 400),
        "a broken escape": (b"GET " + path + b"%zz HTTP/1.1\r\n" + head, 400),
        "a chunk that is none": (b"POST " + path + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + head + b"xyz\r\n", 400),
        "a chunk of 2^64": (b"POST " + path + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + head + b"10000000000000000\r\n", 413),
        "a TLS hello": (bytes.fromhex("16030100050100000100") + head, 400),
        "noise": (bytes(range(256)) * 64, 400),
        "a URL of 64 KiB": (b"GET " + path + b"?operation=PKIOperation&message=" + b"A" * 65400 + b" HTTP/1.1\r\n" + head, 400),
        "a URL of 70 KiB": (b"GET " + path + b"?operation=PKIOperation&message=" + b"A" * 71680 + b" HTTP/1.1\r\n" + head, 414),
        "a body of 10 MB": (b"POST " + path + b" HTTP/1.1\r\nContent-Length: 10000000\r\n" + head + b"x" * 10_000_000, 413),
        "10 MB in chunks": (b"POST " + path + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + head
                            + (b"fff\r\n" + b"x" * 4095 + b"\r\n") * 2442, 413),
    }
    wrong = []
    for name, (octets, expected) in cases.items():
        status = server.raw(octets)
        if status != expected:
            wrong.append(f"{name}: {status}, not {expected}")
    check("malformed and oversized HTTP is answered by its name", not wrong, "; ".join(wrong))


def in_parallel(count, work):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def large_requests(server):
    path = server.path.encode()
    url = b"GET " + path + b"?operation=PKIOperation&message=" + b"A" * 65000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    body = b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n" + b"\x30" * 65536
    answers = []

    def send(number):
        for _ in range(3):
            answers.append(server.raw(url if number % 2 else body))

    in_parallel(40, send)
    check("large requests by the dozen are answered", set(answers) <= {400, 503} and len(answers) == 120,
          str({status: answers.count(status) for status in answers}))


class Sockets(list):
    """Connections that are held until the end of the with block."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self:
            connection.close()


def idle_clients(server, good):
    with Sockets() as held:
        for _ in range(1000):
            held.append(server.connect())
        before = good.enrolled
        time.sleep(2)
        check("1,000 idle connections leave others their service", good.enrolled >= before + 3,
              f"{good.enrolled - before} enrolments in 2 s")
        # More than the house holds: who has been silent longest makes room.
        for _ in range(200):
            held.append(server.connect())
        before = good.enrolled
        time.sleep(2)
        check("1,200 do so too", good.enrolled >= before + 3, f"{good.enrolled - before} enrolments in 2 s")


def slow_clients(server, good):
    path = server.path.encode()
    begun = {
        0: b"GET " + path + b"?operation=PKIOperation&message=" + b"A" * 60000,
        1: b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n" + b"\x30" * 60000,
        2: b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nX: ",
    }
    with Sockets() as held:
        for number in range(900):
            connection = server.connect()
            held.append(connection)
            try:
                connection.sendall(begun[number % 3])
            except OSError:
                pass  # refused: the requests of the others fill the budget
        before, end = good.enrolled, time.monotonic() + 6
        while time.monotonic() < end:
            for connection in held:
                try:
                    connection.send(b"A", socket.MSG_DONTWAIT)
                except OSError:
                    pass
            time.sleep(0.5)
        check("900 slow clients with large requests leave others their service", good.enrolled >= before + 9,
              f"{good.enrolled - before} enrolments in 6 s")


def flood(server, good):
    names = server.names("decrypt-") + server.names("type-1")
    bodies = [server.message(name) for name in names]
    end, answers = time.monotonic() + 5, []
    before = good.enrolled

    def send(number):
        at = number
        while time.monotonic() < end:
            answers.append(server.post(bodies[at % len(bodies)], ATTACKER)[0])
            at += 1

    in_parallel(16, send)
    check("a flood of bad messages leaves others their service", good.enrolled >= before + 5,
          f"{good.enrolled - before} enrolments in 5 s")
    check("and each of them is answered", set(answers) <= {200, 503}, str(set(answers)))
    print(f"flood: {len(answers) / 5:.0f} bad messages a second")


def attack(server):
    good = GoodClient(server)
    good.start()
    message_types(server)
    decryption_failures(server)
    malformed_http(server)
    large_requests(server)
    idle_clients(server, good)
    slow_clients(server, good)
    flood(server, good)
    good.report()
    peak = server.peak_memory()
    check(f"ndesd never needed more than {MOST_MEMORY} MB", peak <= MOST_MEMORY, f"{peak:.1f} MB")
    print(f"memory: {peak:.1f} MB at most")


def queue(server):
    names = server.names("held-")
    answers, lock = [], threading.Lock()

    def send(number):
        begun = time.monotonic()
        status, headers, _ = server.post(server.message(names[number]), ATTACKER, timeout=60)
        with lock:
            answers.append((status, headers.get("Retry-After"), time.monotonic() - begun))

    os.kill(server.crpd, signal.SIGSTOP)
    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(names))]
    for thread in threads:
        thread.start()
    end = time.monotonic() + PATIENCE
    turned_away = len(names) - 2 - 4  # two at work, four waiting
    while len(answers) < turned_away and time.monotonic() < end:
        time.sleep(0.05)
    early = list(answers)
    live = server.is_live()
    os.kill(server.crpd, signal.SIGCONT)
    for thread in threads:
        thread.join()
    check("requests over the queue are turned away at once", len(early) == turned_away
          and all(answer[0] == 503 for answer in early), str(early[:5]) + f" of {len(early)}")
    check("and told when to come back", all(int(answer[1] or 0) >= 1 for answer in early), str(early[:5]))
    check("the health listener answers meanwhile", live)
    check("those at work and in the queue get their answers", len(answers) == len(names)
          and all(answer[0] in (200, 503) for answer in answers), str(answers[-6:]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["attack", "queue"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--health", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--crpd", type=int, required=True)
    parser.add_argument("--messages", required=True)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    {"attack": attack, "queue": queue}[options.what](Server(options))


main()

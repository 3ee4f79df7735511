#!/usr/bin/env python3
"""Recomputes the chains of an audit export (JSON Lines) from its description alone.

verify_audit.py FILE: prints "whole N" and ends with 0, or the first fault and ends with 4.
"""
import datetime
import hashlib
import json
import sys


def text(value):
    octets = value.encode()
    return len(octets).to_bytes(4, "big") + octets


def milliseconds(time):
    moment = datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ")
    since = moment - datetime.datetime(1970, 1, 1)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def record_hash(record):
    octets = record["sequence"].to_bytes(8, "big") + milliseconds(record["time"]).to_bytes(8, "big")
    for name in ("event", "outcome", "reason", "caller", "peerAddress", "transactionId"):
        octets += text(record[name])
    octets += len(record["facts"]).to_bytes(4, "big")
    for name, value in record["facts"]:
        octets += text(name) + text(value)
    return hashlib.sha256(record["previousHash"].encode() + octets).hexdigest()


def main(path):
    tails = {}
    count = 0
    for line in open(path, encoding="utf-8"):
        record = json.loads(line)
        if "checkpoint" in record:
            continue
        node = record["node"]
        start = hashlib.sha256(node.encode()).hexdigest() if node else "0" * 64
        sequence, tail = tails.get(node, (0, start))
        if (record["sequence"], record["previousHash"]) != (sequence + 1, tail) or \
                record["hash"] != record_hash(record):
            print(f"broken at {node} {sequence + 1}")
            return 4
        tails[node] = (record["sequence"], record["hash"])
        count += 1
    print(f"whole {count}")
    return 0


sys.exit(main(sys.argv[1]))

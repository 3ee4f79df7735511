"""Runs a program at a pseudo-terminal and types answers.

usage: type_answers.py PROGRAM ARGUMENT... <LINES

Each line of standard input is PROMPT=>ANSWER: when a prompt that begins with PROMPT comes, ANSWER is
typed, once, in this order. Any other prompt gets an empty line, which takes its default. A prompt is
output that ends with ": " and no line end. Prints all that the program wrote, ends as it ended, and
fails when an answer was never asked for.
"""
import os
import pty
import select
import sys
import time


def main():
    answers = [line.rstrip("\n").split("=>") for line in sys.stdin]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], sys.argv[1:])
    seen, line = b"", b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        seen += piece
        line = (line + piece).split(b"\n")[-1]
        if not line.endswith(b": "):
            continue
        answer = ""
        if answers and line.decode().startswith(answers[0][0]):
            answer = answers.pop(0)[1]
        os.write(terminal, answer.encode() + b"\n")
        line = b""
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.write(seen.decode())
    if answers:
        sys.exit(f"never asked: {answers}")
    sys.exit(status)


main()

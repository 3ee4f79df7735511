"""What MDMs make of the NDES admin page: the octets on standard input, the MDM's name as argument.

fleet: UTF-8 if the octets are that, else UTF-16LE with or without a mark; then its regular
expression and, without a match, its two literals. jamf: UTF-16 by the mark, the password between the
tags. Prints "password P", "full", "no permission" or "nothing"."""
import re
import sys


def as_fleet(octets: bytes) -> str:
    try:
        text = octets.decode("utf-8")
        if "\0" in text:
            text = octets.decode("utf-16-le")
    except UnicodeDecodeError:
        text = octets.decode("utf-16-le")
    found = re.search(r"(?i)The enrollment challenge password is: <B> (\S*)", text)
    if found:
        return "password " + found[1]
    if "The password cache is full." in text:
        return "full"
    if "You do not have sufficient permission to enroll with SCEP." in text:
        return "no permission"
    return "nothing"


def as_jamf(octets: bytes) -> str:
    found = re.search(r"challenge password is: <B> ([A-Z0-9]{16,32}) </B>", octets.decode("utf-16"))
    return "password " + found[1] if found else "nothing"


print({"fleet": as_fleet, "jamf": as_jamf}[sys.argv[1]](sys.stdin.buffer.read()))

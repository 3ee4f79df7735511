#!/usr/bin/env python3
"""A proxy in front of ndesd with the faults that proxies have, one at a time: what the file MODE
says. doctor_proxy.py PORT UPSTREAM MODE-FILE [CERTIFICATE KEY [tls13|ask]]

pass           everything as it is
empty          GetCACert has no body
limit:OCTETS   a longer request line is answered by 414
post:OCTETS    a longer body is answered by 413
clock:SECONDS  Date is that far in the future
status:CODE    every answer has this status, and a page of its own
"""
import email.utils
import http.client
import http.server
import ssl
import sys
import time
import urllib.parse

port, upstream, mode_file = int(sys.argv[1]), urllib.parse.urlsplit(sys.argv[2]), sys.argv[3]


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "nginx/1.22.1"
    sys_version = ""

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, kind):
        date = time.time() + (int(self.value) if self.word == "clock" else 0)
        self.send_response_only(status)
        self.send_header("Server", self.server_version)
        self.send_header("Date", email.utils.formatdate(date, usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = True

    def forward(self):
        with open(mode_file, encoding="utf-8") as file:
            self.word, _, self.value = file.read().strip().partition(":")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.word == "limit" and len(self.path) > int(self.value):
            return self.answer(414, b"Request-URI Too Large", "text/html")
        if self.word == "post" and len(body) > int(self.value):
            return self.answer(413, b"Request Entity Too Large", "text/html")
        if self.word == "status":
            return self.answer(int(self.value), b"<html>Welcome</html>", "text/html")
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=30)
        headers = {"Content-Type": self.headers["Content-Type"]} if "Content-Type" in self.headers else {}
        connection.request(self.command, self.path, body or None, headers)
        response = connection.getresponse()
        content = response.read()
        if self.word == "empty" and "GetCACert" in self.path:
            content = b""
        return self.answer(response.status, content, response.getheader("Content-Type", ""))

    do_GET = do_POST = do_HEAD = forward


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", port), Proxy)
if len(sys.argv) > 5:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    if "tls13" in sys.argv[6:]:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if "ask" in sys.argv[6:]:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()

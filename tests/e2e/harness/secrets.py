"""Recognisable secrets, the forms in which they could get out, and a proxy that asks for one."""

import base64
import http.client
import http.server
import json
import os
import threading
import urllib.parse

# Each has characters that look different in a URL, in JSON and in base64.
KEY_ID = "AKIDzrSECRETkeyid7Qx"
PASSWORD = "zrSECRETpass\"word/+=&%~ü-4711"
TOKEN = "zrSECRETtoken/+=&%~4712"
PROXY_USER = "zruser"
PROXY_PASSWORD = "zrSECRETproxy/+@&%4713"


def _base64(data):
    """As it appears inside of longer base64, at each of the three alignments."""
    found = set()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        text = text[(0, 2, 3)[shift]:len(text) - (1 if (shift + len(data)) % 3 else 0)]
        found |= {text, text.replace("+", "-").replace("/", "_")}
    return found


def forms(secret):
    """name of the form -> text"""
    data = secret.encode()
    found = {"as it is": secret, "hex": data.hex(), "HEX": data.hex().upper(),
             "JSON": json.dumps(secret)[1:-1], "URL": urllib.parse.quote(secret),
             "URL, all": urllib.parse.quote(secret, safe=""),
             "url": urllib.parse.quote(secret, safe="").lower(),
             "spaced hex": " ".join(f"{b:02x}" for b in data)}
    found.update({f"base64 {n}": t for n, t in enumerate(sorted(_base64(data)))})
    return found


def found_in(text, secrets):
    """Sentences: which secret is there, in which form."""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return [f"{name} as {form}" for name, secret in secrets.items()
            for form, spelled in forms(secret).items() if spelled in text]


def key_lines(path):
    """The lines of a PEM key, as secrets."""
    with open(path, encoding="ascii") as file:
        lines = [line.strip() for line in file if "-----" not in line]
    return {f"line {n} of {os.path.basename(path)}": line for n, line in enumerate(lines)
            if len(line) >= 20}


def files_below(folder, leave_out=()):
    """path -> bytes"""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if path not in leave_out and os.path.isfile(path):
                with open(path, "rb") as file:
                    found[path] = file.read()
    return found


class Proxy:
    """An HTTP proxy on loopback that wants PROXY_USER and PROXY_PASSWORD."""

    def __init__(self):
        proxy = self
        self.passed = self.refused = 0
        self.seen = []  # (URL, headers, body) of what was passed on
        wanted = "Basic " + base64.b64encode(f"{PROXY_USER}:{PROXY_PASSWORD}".encode()).decode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                """Says nothing."""

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("Proxy-Authorization") != wanted:
                    proxy.refused += 1
                    self.send_response(407)
                    self.send_header("Proxy-Authenticate", "Basic realm=\"x\"")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                proxy.passed += 1
                to = urllib.parse.urlsplit(self.path)
                headers = {k: v for k, v in self.headers.items() if not k.lower().startswith("proxy-")}
                proxy.seen.append((self.path, dict(headers), body))
                upstream = http.client.HTTPConnection(to.netloc, timeout=30)
                upstream.request("POST", to.path, body, headers)
                answer = upstream.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                upstream.close()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def url(self, password=PROXY_PASSWORD):
        user = f"{PROXY_USER}:{urllib.parse.quote(password, safe='')}"
        return f"http://{user}@127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

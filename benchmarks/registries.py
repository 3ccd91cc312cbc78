"""Measurements with registries that move: for benchmarks/report."""

import hashlib
import http.client
import json
import pathlib
import re
import socket
import subprocess
import time
import urllib.request

SECRET = "hook-secret"
REGISTRY = "/usr/bin/docker-registry"


def field(number, data):
    """A length-delimited protobuf field of less than 128 bytes."""
    return bytes([number << 3 | 2, len(data)]) + data


def version_of(model, number):
    """The same model as another file: ONNX keeps the last doc_string that a file has."""
    return model + field(6, f"version {number}".encode())


class Directory:
    """A directory in the published layout; a pointer moves by a rename, which inotify hints at."""

    def __init__(self, work, model, count):
        self.root = work / "registry"
        self.keys = {"source": f"file:{self.root}", "pointer": "tag/prod"}
        self.manifests = {}
        for number in range(1, count + 1):
            data = version_of(model, number)
            version = self.root / str(number)
            version.mkdir(parents=True)
            (version / "model.onnx").write_bytes(data)
            listed = {"path": "model.onnx", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            manifest = json.dumps({"version": str(number), "files": [listed]}).encode()
            (version / "_MANIFEST.json").write_bytes(manifest)
            self.manifests[number] = hashlib.sha256(manifest).hexdigest()
        (self.root / "_pointers/tag").mkdir(parents=True)

    def move(self, number):
        following = self.root / "_pointers/tag/.next"
        following.write_text(f"{number}@sha256:{self.manifests[number]}")
        following.rename(self.root / "_pointers/tag/prod")

    def close(self):
        pass


class Oci:
    """Debian's registry, which notifies the server's hook itself when a tag is pushed."""

    def __init__(self, work, model, count, skeg, admin_port):
        config = work / "registry.yml"
        config.write_text(f"""
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {work}/registry}}}}
http: {{addr: '127.0.0.1:0', secret: for-a-benchmark}}
notifications:
  endpoints:
    - name: skeg
      url: http://127.0.0.1:{admin_port}/v1/hooks/oci
      headers: {{Authorization: ["Bearer {SECRET}"]}}
      timeout: 1s
      threshold: 3
      backoff: 1s
""")
        log = work / "registry.log"
        with log.open("w") as out:
            self.process = subprocess.Popen([REGISTRY, "serve", str(config)], stderr=out)
        while not (listening := re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text())):
            if self.process.poll() is not None:
                raise SystemExit(f"docker-registry does not start: {log.read_text()}")
            time.sleep(0.01)
        self.address = listening.group(1)
        self.keys = {"source": f"oci://{self.address}/team/loan", "pointer": "tag/prod",
                     "hook": {"secret-file": str(work / "secret")}}
        (work / "secret").write_text(SECRET)
        self.manifests = {}
        for number in range(1, count + 1):
            version = work / f"version-{number}"
            version.mkdir()
            (version / "model.onnx").write_bytes(version_of(model, number))
            subprocess.run([str(skeg), "push", str(version), self.keys["source"], "--number", str(number)],
                           check=True, capture_output=True)
            with urllib.request.urlopen(urllib.request.Request(
                    self.url(number), headers={"Accept": "application/vnd.oci.image.manifest.v1+json"}),
                    timeout=10) as answer:
                self.manifests[number] = answer.headers["Content-Type"], answer.read()

    def url(self, tag):
        return f"http://{self.address}/v2/team/loan/manifests/{tag}"

    def move(self, number):
        kind, manifest = self.manifests[number]
        request = urllib.request.Request(self.url("prod"), manifest, {"Content-Type": kind}, method="PUT")
        urllib.request.urlopen(request, timeout=10).read()

    def close(self):
        self.process.kill()
        self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Client:
    """Asks for one row again and again, on one connection."""

    def __init__(self, address, header, body):
        self.connection = http.client.HTTPConnection(address, timeout=10)
        self.body = body
        self.headers = {"Inference-Header-Content-Length": str(len(header))}

    def answering(self):
        self.connection.request("POST", "/v2/models/loan/infer", self.body, self.headers)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit(f"no answer while the pointer moves: {answer.status} {data[:200]}")
        head = data[:int(answer.headers["Inference-Header-Content-Length"])]
        return int(json.loads(head)["model_version"])


def move_pointer(kind, skeg, work, model, request, moves, apart):
    """Seconds from a pointer's move to the first answer of the version that it means, and what of them the load took.

    kind: "file" or "oci"
    request: JSON head and body of a binary REST request
    apart: seconds between two moves
    """
    work = pathlib.Path(work)
    admin = free_port()
    registry = Directory(work, model, moves + 1) if kind == "file" else Oci(work, model, moves + 1, skeg, admin)
    log = open(work / "log", "w")
    server = None
    try:
        registry.move(1)
        config = work / "skeg.yaml"
        config.write_text(json.dumps({"models": {"loan": registry.keys}}))
        ports = [part for name in ("http", "grpc", "metrics") for part in (f"--{name}-port", "0")]
        server = subprocess.Popen([str(skeg), "serve", "--config", str(config), "--data-dir", str(work / "data"),
                                   "--admin-port", str(admin), *ports], stdout=subprocess.PIPE, stderr=log, text=True)
        line = server.stdout.readline()
        if not line.startswith("skeg ready"):
            raise SystemExit(f"the server did not start: {pathlib.Path(log.name).read_text()[-2000:]}")
        client = Client(re.search(r"http=(\S+)", line).group(1), *request)
        seconds = []
        for number in range(2, moves + 2):
            settled = time.monotonic() + apart
            while time.monotonic() < settled:
                client.answering()
                time.sleep(0.01)
            began = time.monotonic()
            registry.move(number)
            while client.answering() != number:
                if time.monotonic() - began > 60:
                    raise SystemExit(f"{kind}: version {number} does not come")
                time.sleep(0.001)
            seconds.append(time.monotonic() - began)
    finally:
        if server is not None:
            server.terminate()
            server.wait(timeout=30)
        registry.close()
        log.close()
    lines = [json.loads(line) for line in pathlib.Path(log.name).read_text().splitlines() if line.startswith("{")]
    loads = {entry["version"]: entry["millis"] / 1e3 for entry in lines if entry.get("message") == "Version is ready"}
    return seconds, [loads[number] for number in range(2, moves + 2)]

"""How users get it: cmake --install, the registry's files, the example."""

import hashlib
import os
import re
import subprocess
import zipfile

import host
from host import Case, instances

BUILD = os.environ.get("ZR_BUILD") or os.path.join(host.HERE, "..", "..", "build")
HEAD_IN_BIN = b"\x7fELF"


def cmake(*arguments):
    done = subprocess.run(["cmake", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Installed(Case):
    def test_found_without_any_configuration(self):
        """A prefix of ~/.local is an implicit mirror of both hosts."""
        sim, work = self.pair("--recycled", "1")
        home = os.path.join(work.path, "home")
        cmake("--install", BUILD, "--component", "terraform", "--prefix", f"{home}/.local")
        work.write(instances("a", sim.ids()))
        os.remove(os.path.join(work.path, ".terraform.lock.hcl"))
        told = {"HOME": home, "TF_CLI_CONFIG_FILE": None, "XDG_DATA_DIRS": "/nonexistent",
                "TF_DATA_DIR": os.path.join(work.path, "data")}
        self.ok(work.run("init", "-no-color", environment=told))
        self.ok(work.apply(environment=told))

    def test_only_the_executable(self):
        """Whatever lies beside it would be part of the hash in a lock file."""
        work = self.workspace()
        cmake("--install", BUILD, "--component", "terraform", "--prefix", work.path + "/p")
        for name in host.HOSTS:
            place = os.path.join(work.path, "p/share/terraform/plugins", name,
                                 "zenrelease/zenrelease", host.mirror().version)
            platform = os.listdir(place)
            self.assertEqual(len(platform), 1)
            files = os.listdir(os.path.join(place, platform[0]))
            self.assertEqual(files, [f"terraform-provider-zenrelease_v{host.mirror().version}"])


class Registry(Case):
    def test_release_files(self):
        cmake("--build", BUILD, "--target", "terraform-package")
        place = os.path.join(BUILD, "terraform", "release")
        version = host.mirror().version
        stem = f"terraform-provider-zenrelease_{version}"
        files = set(os.listdir(place))
        archive = next(f for f in files if f.endswith(".zip"))
        self.assertRegex(archive, "^" + re.escape(stem) + r"_linux_(amd64|arm64|arm|386)\.zip$")
        self.assertEqual(files, {archive, f"{stem}_manifest.json", f"{stem}_SHA256SUMS"})
        with open(os.path.join(place, f"{stem}_SHA256SUMS"), encoding="utf-8") as file:
            sums = dict(reversed(line.split()) for line in file)
        self.assertEqual(set(sums), {archive, f"{stem}_manifest.json"})
        for name, value in sums.items():
            with open(os.path.join(place, name), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), value)
        with zipfile.ZipFile(os.path.join(place, archive)) as opened:
            entry, = opened.infolist()
            self.assertEqual(entry.filename, f"terraform-provider-zenrelease_v{version}")
            self.assertEqual(entry.external_attr >> 16 & 0o777, 0o755)
            self.assertEqual(opened.read(entry)[:4], HEAD_IN_BIN)

    def test_packed_mirror(self):
        """The zip itself in a mirror, as one downloads it."""
        cmake("--build", BUILD, "--target", "terraform-package")
        place = os.path.join(BUILD, "terraform", "release")
        archive = next(f for f in os.listdir(place) if f.endswith(".zip"))
        work = self.workspace()
        for name in host.HOSTS:
            folder = os.path.join(work.path, "packed", name, "zenrelease", "zenrelease")
            os.makedirs(folder)
            os.symlink(os.path.abspath(os.path.join(place, archive)), os.path.join(folder, archive))
        with open(os.path.join(work.path, "rc"), "w", encoding="utf-8") as file:
            file.write('provider_installation {\n  filesystem_mirror {\n    path = "'
                       + work.path + '/packed"\n  }\n}\n')
        os.remove(os.path.join(work.path, ".terraform.lock.hcl"))
        work.write("")
        told = {"TF_CLI_CONFIG_FILE": work.path + "/rc", "TF_DATA_DIR": work.path + "/data"}
        self.ok(work.run("init", "-no-color", environment=told))
        self.ok(work.run("providers", "schema", "-json", environment=told))


class Example(Case):
    def test_run(self):
        script = os.path.join(host.HERE, "..", "..", "examples", "terraform", "run.sh")
        done = subprocess.run([script], capture_output=True, text=True, check=False, timeout=200,
                              env={**os.environ, "ZR_BUILD": BUILD, "ZR_TERRAFORM": host.BINARY})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("released 250, with 3 release calls", done.stdout)


class ByHand(Case):
    def test_a_start_by_hand_is_explained(self):
        work = self.workspace()
        path = os.path.join(work.path, "terraform-provider-zenrelease_v1")
        os.symlink(host.program("zenrelease-plugin"), path)
        done = subprocess.run([path], capture_output=True, text=True, check=False, timeout=20)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("This is a plugin", done.stderr)


if __name__ == "__main__":
    host.main()

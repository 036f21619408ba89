#!/usr/bin/env bash
# Installs the Debian packages that are missing, and only those. Asks nothing.
#
#   cmake/install-packages.sh                 what the programs need to be built
#   cmake/install-packages.sh --client-tests  that, and what the tests need
set -euo pipefail

build_packages=(
  cmake ninja-build gcc libc6-dev pkg-config ca-certificates python3 procps
  libgrpc-dev protobuf-compiler libprotobuf-dev protobuf-c-compiler libprotobuf-c-dev
  libcurl4-openssl-dev libcjson-dev libmsgpack-dev libsqlite3-dev uthash-dev libssl-dev
  libhttp-parser-dev libcmocka-dev
)
test_packages=(
  clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev
  python3-grpcio python3-protobuf python3-grpc-tools python3-venv python3-jsonschema
  nghttp2-proxy openssl curl git jq shellcheck
)

wanted=("${build_packages[@]}")
case "${1-}" in
  "") ;;
  --client-tests)
    wanted+=("${test_packages[@]}")
    # Node often comes from elsewhere than Debian, and the two do not mix.
    command -v node >/dev/null || wanted+=(nodejs)
    command -v npm >/dev/null || wanted+=(npm)
    ;;
  -h | --help)
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
  *)
    echo "install-packages.sh: unknown argument '$1' (try --help)" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install-packages.sh: this is no Debian; install the counterparts of these by hand:" >&2
  echo "  ${wanted[*]}" >&2
  exit 1
fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [[ $status == "install ok installed" ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "packages: nothing is missing"
  exit 0
fi
echo "packages: installing ${missing[*]}"

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
    echo "install-packages.sh: needs root for this; run it once as" >&2
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq \
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

# The package lists are fetched only when those on disk do not lead to every package.
if ! apt install --no-install-recommends --yes "${missing[@]}" 2>/dev/null; then
  apt update
  apt install --no-install-recommends --yes "${missing[@]}"
fi

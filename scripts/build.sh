#!/usr/bin/env bash
# Installs the Debian packages and builds the programs as `release` into build/release.
# Usage: scripts/build.sh [--preset NAME] [TARGET…]     default: release, the programs
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/packages.sh

preset=release
if [ "${1:-}" = --preset ]; then
    preset=${2:?--preset needs a name}
    shift 2
fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(programs)

install_packages "${build_packages[@]}" "${lab_packages[@]}"
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target "${targets[@]}"

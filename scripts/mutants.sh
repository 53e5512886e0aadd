#!/usr/bin/env bash
# Changes src/store and src/event in one place at a time, and lists the changes that no test notices.
#
#   scripts/mutants.sh 200     # how many changes to try, 200 by default
#
# The sample is the same for the same sources and the same SEED (1). Works on a copy of the project in target/mutants, where
# the results are too (mutants.out). `make mutants` installs cargo-mutants.
set -euo pipefail

fail() {
  echo "mutants.sh: $*" >&2
  exit 1
}
usage() {
  echo "usage: scripts/mutants.sh [COUNT]" >&2
  exit 2
}

[ $# -le 1 ] || usage
count=${1:-200}
[[ $count =~ ^[1-9][0-9]*$ ]] || usage
cd "$(dirname "$0")/.."
mutants=("$PWD/.tools/bin/cargo-mutants" mutants)
[ -x "${mutants[0]}" ] || fail "cargo-mutants is not installed: run make mutants"

# This script copies the project itself, because cargo-mutants' own copy changes the times of files, and Cargo would build every
# dependency again.
rm -rf target/mutants/project
mkdir -p target/mutants/project
git ls-files --cached --others --exclude-standard -z |
  xargs -0 cp --parents --no-dereference --target-directory=target/mutants/project
if [ ! -d target/mutants/target ] && [ -d target/debug/deps ]; then
  rm -rf target/mutants/copy
  mkdir -p target/mutants/copy/debug
  cp --archive target/debug/{deps,build,.fingerprint} target/mutants/copy/debug/
  mv target/mutants/copy target/mutants/target
fi
export CARGO_TARGET_DIR=$PWD/target/mutants/target
output=$PWD/target/mutants
cd target/mutants/project

files=(--file 'src/store/**' --file 'src/event/**')
mapfile -t sample < <(
  "${mutants[@]}" --list "${files[@]}" | SEED=${SEED:-1} COUNT=$count python3 -c '
import os, random, re, sys
names = sorted({line.rstrip("\n") for line in sys.stdin})
drawn = random.Random(int(os.environ["SEED"])).sample(names, min(int(os.environ["COUNT"]), len(names)))
print(len(drawn), "of", len(names), "mutants", file=sys.stderr)
for name in drawn:
    print("--re=^" + re.escape(name) + "$")
'
)
[ ${#sample[@]} -gt 0 ] || fail "there are no mutants"

# The tests to run are those of these rooms and of the rooms that use them directly. Tests of the release binary are left out,
# because it does not have the change.
tests=(
  event:: store:: receiver:: tables:: cli::quarantine cli::pull
  --skip receiver::lambda --skip receiver::metrics --skip receivers_are_killed
)
# A mutant is caught by the first test that fails; the others need not run. The test harness of the stable toolchain knows
# how to stop there, but wants to be told that this is understood to be unstable.
host=$(rustc -vV | sed -n 's/^host: //p' | tr a-z- A-Z_)
export "CARGO_TARGET_${host}_RUNNER=env RUSTC_BOOTSTRAP=1"
tests+=(-Z unstable-options --fail-fast)
exec "${mutants[@]}" "${files[@]}" "${sample[@]}" --in-place --features cli --cargo-arg=--locked --cargo-arg=--test=it \
  --output "$output" -- -- "${tests[@]}"

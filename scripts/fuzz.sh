#!/usr/bin/env bash
# Runs each fuzz target for some time, and fails if one crashes, with the input that did it.
#
#   scripts/fuzz.sh 600     # seconds for each target, 60 if left out
#
# Starts from the bodies in events/ and tests/fixtures/cloudevents/, and from what earlier runs found (fuzz/corpus). Needs
# rustup with a nightly toolchain. NIGHTLY chooses one, such as nightly-2026-05-20, instead of the newest.
set -euo pipefail

cargo_fuzz_version=0.13.2
targets=(body_to_item cloud_event read_back)
toolchain=${NIGHTLY:-nightly}
# AddressSanitizer is off. This project forbids unsafe code, so fuzzing looks for panics, wrong results, hangs and excessive
# memory, which show without it, and a run gets further.
options=(--sanitizer none)

fail() {
  echo "fuzz.sh: $*" >&2
  exit 1
}
usage() {
  echo "usage: scripts/fuzz.sh [SECONDS]" >&2
  exit 2
}

[ $# -le 1 ] || usage
seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || usage
cd "$(dirname "$0")/.."

PATH=$PWD/.tools/bin:$PATH
cargo "+$toolchain" --version >/dev/null 2>&1 ||
  fail "there is no toolchain $toolchain: run rustup toolchain install $toolchain --profile minimal"
if [ "$(cargo-fuzz --version 2>/dev/null)" != "cargo-fuzz $cargo_fuzz_version" ]; then
  cargo install --quiet --locked --root .tools --version "$cargo_fuzz_version" cargo-fuzz
fi

# The lock file of the project is used, so that the fuzzed dependencies are those that are shipped.
[ fuzz/Cargo.lock -nt Cargo.lock ] || cp Cargo.lock fuzz/Cargo.lock

python3 - <<'PYTHON'
import base64, hashlib, json, pathlib

def item(*attributes):
    """The form that fuzz_targets/read_back.rs reads: number of the name, type, length, value."""
    return b"".join(bytes([name]) + kind + len(value).to_bytes(2, "big") + value for name, kind, value in attributes)

def save(target, name, seed):
    folder = pathlib.Path("fuzz/corpus") / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(seed)

for file in sorted(pathlib.Path("events").glob("*.json")):
    event = json.loads(file.read_text(encoding="utf-8"))
    body = event.get("body", "")
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    save("body_to_item", file.stem, body)
    keys = [(0, b"S", b"group"), (1, b"S", file.stem.encode())]
    save("read_back", f"{file.stem}-text", item(*keys, (2, b"S", body)))
    save("read_back", f"{file.stem}-bytes", item(*keys, (3, b"B", body)))
    save("read_back", f"{file.stem}-gzip", item(*keys, (4, b"Z", body)))
    digest = hashlib.sha256(body).digest()
    save("read_back", f"{file.stem}-parts", item(*keys, (5, b"N", b"0"), (6, b"B", digest)))
    save("read_back", f"{file.stem}-part", item(*keys, (7, b"B", body), (9, b"N", b"1678387423")))

for file in sorted(pathlib.Path("tests/fixtures/cloudevents").rglob("*.*")):
    body = file.read_bytes()
    body = body.split(b"\r\n\r\n", 1)[1] if file.suffix == ".http" else body
    save("cloud_event", f"{file.parent.name}-{file.name}", body)
PYTHON

cargo "+$toolchain" fuzz build "${options[@]}"

crashes=0
for target in "${targets[@]}"; do
  log=fuzz/target/$target.log
  echo "$target: $seconds s, log in $log"
  crashed=
  # A body takes microseconds. One that takes seconds could be used to stop the receiver, so it counts as a crash.
  cargo "+$toolchain" fuzz run "${options[@]}" "$target" -- -max_total_time="$seconds" -timeout=5 \
    -dict=fuzz/kaizala.dict -print_final_stats=1 >"$log" 2>&1 || crashed=yes
  # The last line looks like `#401418 DONE cov: 3185 ft: 12555 corp: 1423/2826Kb lim: 9809 exec/s: 3974 rss: 36Mb`.
  progress='^#([0-9]+).* cov: ([0-9]+).* corp: ([0-9]+)/.* exec/s: ([0-9]+).*'
  sed -nE "s|$progress|  \\1 runs, \\4 a second, \\2 edges covered, \\3 inputs kept|p" "$log" | tail -1
  if [ -n "$crashed" ]; then
    crashes=$((crashes + 1))
    grep -E -A3 'panicked at|ERROR: libFuzzer' "$log" | head -12 >&2 || tail -20 "$log" >&2
    input=$(grep -oE "fuzz/artifacts/$target/[a-z]+-[0-9a-f]{40}" "$log" | head -1) || continue
    {
      echo "To see it again, and to make the input smaller:"
      echo "  PATH=$PWD/.tools/bin:\$PATH cargo +$toolchain fuzz run ${options[*]} $target $input"
      echo "  PATH=$PWD/.tools/bin:\$PATH cargo +$toolchain fuzz tmin ${options[*]} $target $input"
    } >&2
  fi
done
[ "$crashes" -eq 0 ] || fail "$crashes of ${#targets[@]} targets crashed"

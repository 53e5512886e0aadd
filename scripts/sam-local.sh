#!/usr/bin/env bash
# Runs the function in Lambda's own container, over a DynamoDB emulator on this machine: once on an event file, printing
# its answer, or behind sam's local API Gateway until Ctrl-C.
#
#   target/debug/kaizala dev --memory &     # or any DynamoDB emulator with the table
#   sam build
#   scripts/sam-local.sh invoke events/text-message-created.json
#   scripts/sam-local.sh start-api 3000
#
# DB_PORT     port of the emulator on this machine (8000)
# TABLE_NAME  its table (kaizala-events)
set -euo pipefail

fail() {
  echo "sam-local.sh: $*" >&2
  exit 1
}
answers() { (: <"/dev/tcp/$1/$2") 2>/dev/null; }

usage() {
  echo "usage: scripts/sam-local.sh invoke events/FILE.json | start-api PORT" >&2
  exit 2
}

[ $# -eq 2 ] || usage
case $1 in
  invoke)
    [ -f "$2" ] || fail "there is no file $2"
    what=(invoke Receiver --event "$(cd "$(dirname "$2")" && pwd)/$(basename "$2")")
    ;;
  # One warm container, as Lambda would keep it, instead of one for each request.
  start-api) what=(start-api --port "$2" --warm-containers EAGER) ;;
  *) usage ;;
esac
cd "$(dirname "$0")/.."

PATH=$PWD/.tools/venv/bin:$PATH
command -v sam >/dev/null || fail "sam is not on the PATH: install the AWS SAM CLI"
bootstrap=.aws-sam/build/Receiver/bootstrap
[ -f "$bootstrap" ] || fail "nothing is built yet: run sam build"
port=${DB_PORT:-8000}
answers 127.0.0.1 "$port" || fail "no emulator on port $port: start one (kaizala dev --memory), or set DB_PORT"

# Without this, sam would look for a newer image on the network every time, and fail offline.
case $(od -An -tx1 -j18 -N1 "$bootstrap") in *b7*) machine=arm64 ;; *) machine=x86_64 ;; esac
skip_pull=
if docker image ls --format '{{.Repository}}:{{.Tag}}' 2>/dev/null | grep -q "/lambda/provided:al2023-$machine$"; then
  skip_pull=--skip-pull-image
fi

# The container must reach the emulator, which listens on localhost. Docker Desktop provides that. Docker Engine, recognised by
# the bridge docker0, does not, and sam ignores `--docker-network host`. So this script forwards the bridge's address while
# the container runs.
bridge=$(ip -4 -o address show docker0 2>/dev/null | sed -E 's|.* inet ([0-9.]+)/.*|\1|') || true
if [ -n "$bridge" ] && ! answers "$bridge" "$port"; then
  python3 - "$bridge" "$port" <<'PYTHON' &
import asyncio, sys

address, port = sys.argv[1], int(sys.argv[2])

async def copy(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()

async def forward(reader, writer):
    to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(copy(reader, to_writer), copy(to_reader, writer), return_exceptions=True)

async def serve():
    await (await asyncio.start_server(forward, address, port)).serve_forever()

asyncio.run(serve())
PYTHON
  forwarder=$!
  trap 'kill "$forwarder" 2>/dev/null || true' EXIT
  for _ in $(seq 50); do answers "$bridge" "$port" && break; sleep 0.1; done
  answers "$bridge" "$port" || fail "port $port on $bridge (docker0) cannot be forwarded"
fi

# Variables that the template declares get their values from this shell, because sam resolves !Ref of the table to a logical
# id, and an !If with !Ref AWS::NoValue to an empty string. Credentials are made up, so that real ones are not used; sam asks
# AWS whose they are, and must not retry that. The digest is that of the token in the event files,
# local-callback-token-not-for-production.
run=(
  env -u AWS_PROFILE -u AWS_SESSION_TOKEN
  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_MAX_ATTEMPTS=1
  AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  TABLE_NAME="${TABLE_NAME:-kaizala-events}"
  CALLBACK_TOKEN_SHA256=78fb1f72db9958a465e0ba9c8736f04ee420077d3a42d437a5938c74aecd8e6a
  AWS_ENDPOINT_URL_DYNAMODB="http://host.docker.internal:$port"
  sam local "${what[@]}" --add-host host.docker.internal:host-gateway ${skip_pull:+"$skip_pull"}
)
if [ "$1" = start-api ]; then
  "${run[@]}"
else
  answer=$("${run[@]}")
  # sam exits with 0 even if the function crashed.
  [ -n "$answer" ] || fail "the function gave no answer; its log is above"
  printf '%s\n' "$answer"
fi

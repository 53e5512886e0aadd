#!/usr/bin/env bash
# Makes sure that a browser is there for the tests of the report. On Debian it installs Chromium if it runs as root.
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" > /dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get > /dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium > /dev/null
  exit 0
fi
echo "The tests of the report need a browser: install chromium or google-chrome; on Debian: apt-get install chromium" >&2
exit 1

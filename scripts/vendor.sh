#!/usr/bin/env bash
# Fetches the charting library of the report from npm, and checks that it is what src/report/vendor/SHA256SUMS says.
# For another version: change it here, run this, look at the difference, and write the new sums.
set -euo pipefail
cd "$(dirname "$0")/../src/report/vendor"

package=chart.js@4.6.1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm pack --silent --pack-destination "$folder" "$package" > /dev/null
tar -xzf "$folder"/chart.js-*.tgz -C "$folder"
install -m 644 "$folder/package/dist/chart.umd.min.js" chart.umd.min.js
install -m 644 "$folder/package/LICENSE.md" chart.LICENSE.md
sha256sum --check SHA256SUMS

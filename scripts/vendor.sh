#!/usr/bin/env bash
# Fetches the charting library and the map outline of the report from npm, and checks them against
# src/report/vendor/SHA256SUMS. To update one, change its version here, run this, review the difference, and write the new sums.
set -euo pipefail
cd "$(dirname "$0")/../src/report/vendor"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fetch() {
  npm pack --silent --pack-destination "$folder" "$1" > /dev/null
  mkdir "$folder/${1%@*}"
  tar -xzf "$folder/${1/@/-}.tgz" -C "$folder/${1%@*}"
}

fetch chart.js@4.6.1
install -m 644 "$folder/chart.js/package/dist/chart.umd.min.js" chart.umd.min.js
install -m 644 "$folder/chart.js/package/LICENSE.md" chart.LICENSE.md

# Keeps coasts and borders and which of the lines enclose land, but not the names and codes of countries.
fetch world-atlas@2.0.2
node --eval '
  const { transform, arcs, objects } = JSON.parse(require("fs").readFileSync(process.argv[1]));
  const land = objects.land.geometries.flatMap((each) => (each.type === "Polygon" ? [each.arcs] : each.arcs));
  process.stdout.write(`${JSON.stringify({ ...transform, arcs, land })}\n`);
' "$folder/world-atlas/package/countries-110m.json" > world.json
install -m 644 "$folder/world-atlas/package/LICENSE" world.LICENSE
sha256sum --check SHA256SUMS

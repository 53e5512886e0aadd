#!/usr/bin/env bash
# Creates the views in Athena: create-views.sh <workgroup> <database>. Needs the AWS CLI with credentials.
set -euo pipefail

if [[ $# != 2 ]]; then
  echo "usage: $0 <workgroup> <database>" >&2
  exit 2
fi
workgroup=$1 database=$2

# In the order of their names: views stand on others.
for file in "$(dirname "$0")"/*.sql; do
  id=$(aws athena start-query-execution --work-group "$workgroup" --query-execution-context "Database=$database" \
    --query-string "file://$file" --query QueryExecutionId --output text)
  state=QUEUED
  while [[ $state == QUEUED || $state == RUNNING ]]; do
    sleep 1
    state=$(aws athena get-query-execution --query-execution-id "$id" --query QueryExecution.Status.State --output text)
  done
  if [[ $state != SUCCEEDED ]]; then
    reason=$(aws athena get-query-execution --query-execution-id "$id" --query QueryExecution.Status.StateChangeReason --output text)
    echo "$(basename "$file"): $reason" >&2
    exit 1
  fi
  echo "$(basename "$file" .sql)"
done

#!/bin/sh
# The command line of a packaged Lightbench: bin/lightbench serve, call, demo … It runs on the Node inside the
# application where that is new enough, otherwise on LIGHTBENCH_NODE or the Node of the PATH.
set -eu
here=$(dirname "$(readlink -f "$0")")
program=$here/../resources/app.asar.unpacked/out/engine/cli.mjs
application=$here/../lightbench
major='process.exit(Number(process.versions.node.split(".")[0]) >= 22 ? 0 : 1)'

if [ -z "${LIGHTBENCH_NODE:-}" ] && ELECTRON_RUN_AS_NODE=1 "$application" -e "$major" 2>/dev/null; then
  ELECTRON_RUN_AS_NODE=1 exec "$application" "$program" "$@"
fi
node=${LIGHTBENCH_NODE:-node}
if ! "$node" -e "$major" 2>/dev/null; then
  echo "Lightbench needs Node 22 or later: install it, or name one with LIGHTBENCH_NODE." >&2
  exit 1
fi
exec "$node" "$program" "$@"

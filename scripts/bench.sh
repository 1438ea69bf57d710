#!/usr/bin/env bash
# Sets the machine up and measures vinet beside others: npm run bench [-- kernel|deploy|routing|links] [--sizes 20,50,200]
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
if ((EUID != 0)); then
  echo 'bench: only root can make network namespaces; run this as root' >&2
  exit 1
fi
scripts/setup.sh bench
exec node bench/main.mjs "$@"

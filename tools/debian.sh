#!/bin/sh
# Installs the Debian packages named, where they are missing and may be installed; else says what to do.
set -eu

missing=""
for package in "$@"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root="sudo"
else
  echo "Missing:$missing. As root, run: apt-get install$missing" >&2
  exit 1
fi
command -v apt-get >/dev/null 2>&1 || { echo "Missing:$missing. Install them with your system's packages." >&2; exit 1; }

echo "Installing$missing from Debian."
export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null

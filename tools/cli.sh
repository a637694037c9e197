#!/bin/sh
# Prints the path of a CLI that knows ephemeral resources: Terraform 1.10 or
# later, or OpenTofu 1.11 or later. It is the one that the variable CLI names,
# else the one on PATH if it is recent enough, else OpenTofu, built from
# source. Its choice is said on stderr.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# Asked for its version, a CLI shall not read the user's configuration, which
# may be broken, nor look on the network for a newer version of itself.
export TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1

# version_of PATH prints "Terraform 1 11" or "OpenTofu 1 12".
version_of() {
	"$1" version 2>/dev/null | sed -En 's/^(Terraform|OpenTofu) v([0-9]+)\.([0-9]+).*/\1 \2 \3/p' | head -n 1
}

# recent_enough PATH tells whether a CLI knows ephemeral resources.
recent_enough() {
	# shellcheck disable=SC2046 # three words are what is wanted
	set -- $(version_of "$1")
	case ${1-} in
	Terraform) least=10 ;;
	OpenTofu) least=11 ;;
	*) return 1 ;;
	esac
	[ "$2" -gt 1 ] || { [ "$2" -eq 1 ] && [ "$3" -ge "$least" ]; }
}

if [ -n "${CLI-}" ]; then
	found=$(command -v "$CLI") || found=''
	if [ -z "$found" ] || ! recent_enough "$found"; then
		echo "CLI=$CLI is neither Terraform 1.10 or later nor OpenTofu 1.11 or later" >&2
		exit 1
	fi
	case $found in /*) ;; *) found=$PWD/$found ;; esac # tests run it in other folders
	printf '%s\n' "$found"
	exit 0
fi
for name in terraform tofu; do
	if found=$(command -v "$name") && recent_enough "$found"; then
		echo "Using $found, $("$found" version 2>/dev/null | grep -E '^(Terraform|OpenTofu) v' | head -n 1)." >&2
		printf '%s\n' "$found"
		exit 0
	fi
done
echo "Neither Terraform 1.10 or later nor OpenTofu 1.11 or later is on PATH." >&2
exec "$here/build.sh" tofu

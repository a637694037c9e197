#!/bin/sh
# Validates every folder of examples/ that holds a configuration, with the CLI
# that tools/cli.sh finds; those that need a newer one with the pinned Terraform.
# Nothing is downloaded: other people's providers are those that tools/build.sh
# builds, and folders that need another one are named.
#
#   tools/examples.sh PROVIDER
set -eu

provider=$1
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cli=$("$root/tools/cli.sh")
restapi=$("$root/tools/build.sh" terraform-provider-restapi)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# The addresses in the words of the examples, each with the folder of its
# binary. A short address is looked up in the CLI's own registry.
built="telematics-tools/telematics $(dirname "$provider")
Mastercard/restapi $(dirname "$restapi")"
{
	echo 'provider_installation {'
	echo '  dev_overrides {'
	echo "$built" | while read -r address folder; do
		printf '    "registry.terraform.io/%s" = "%s"\n' "$address" "$folder"
		printf '    "registry.opentofu.org/%s" = "%s"\n' "$address" "$folder"
	done
	echo '  }'
	echo '  direct {}'
	echo '}'
} >"$scratch/cli.tfrc"
export TF_CLI_CONFIG_FILE=$scratch/cli.tfrc CHECKPOINT_DISABLE=1

# The CLI leaves folders behind, so it works in a copy.
cp -R "$root/examples" "$scratch/examples"
cd "$scratch/examples"

# A resource has an import block by id and one by identity, and a configuration can
# have only one of them. Identities are known to Terraform 1.12 and later.
imports=identity
if "$cli" version | grep -Eq '^Terraform v1\.(1[2-9]|[2-9][0-9])\.'; then
	imports=string-id
fi
find resources -name "import-by-$imports.tf" -exec rm {} +

# providers FOLDER lists the addresses that a configuration needs, with those of
# the modules that it has beside it.
providers() {
	sed -n 's/^ *source *= *"\([^"]*\)".*/\1/p' "$1"/*.tf | while read -r source; do
		case $source in
		./* | ../*) providers "$1/$source" ;;
		*) echo "$source" ;;
		esac
	done
}

# is_part FOLDER tells whether the folder above has it as a module of its own.
# It is validated as part of that: a module may do what a root module may not.
is_part() {
	grep -qs "^ *source *= *\"./$(basename "$1")\"" "$(dirname "$1")"/*.tf
}

# cli_for FOLDER names the CLI for a folder: lists and actions take Terraform 1.14.
cli_for() {
	case $1 in
	./actions/* | ./list-resources/*) "$root/tools/build.sh" terraform ;;
	*) echo "$cli" ;;
	esac
}

validated=0 failed=0 left_out=''
for folder in $(find . -name '*.tf' -exec dirname {} \; | sort -u); do
	name=examples/${folder#./}
	! is_part "$folder" || continue
	missing=''
	for address in $(providers "$folder" | sort -u); do
		echo "$built" | grep -q "^$address " || missing="$missing $address"
	done
	if [ -n "$missing" ]; then
		left_out="$left_out  $name, which needs$missing
"
		continue
	fi
	with=$(cli_for "$folder")
	query=''
	! ls "$folder"/*.tfquery.hcl >/dev/null 2>&1 || query=-query
	if "$with" -chdir="$folder" get >"$scratch/log" 2>&1 && "$with" -chdir="$folder" validate -no-color $query >"$scratch/log" 2>&1; then
		echo "valid: $name"
		validated=$((validated + 1))
	else
		echo "NOT VALID: $name" >&2
		cat "$scratch/log" >&2
		failed=$((failed + 1))
	fi
done

if [ -n "$left_out" ]; then
	echo 'Not validated here, since their providers are not built here:'
	printf '%s' "$left_out"
fi
echo "$validated examples are valid, $failed are not."
[ "$failed" -eq 0 ] && [ "$validated" -gt 0 ]

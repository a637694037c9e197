#!/bin/sh
# Writes docs/ from the provider's schemas, templates/ and examples/. Nothing is
# downloaded: the schemas come from the pinned Terraform, as older ones and OpenTofu
# tell of no lists and actions.
#
#   tools/docs.sh [-check] PROVIDER
#
# With -check it writes nothing, and fails if docs/ would change.
set -eu

check=
if [ "$1" = -check ]; then
	check=yes
	shift
fi
provider=$1
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cli=$("$root/tools/build.sh" terraform)
generator=$("$root/tools/build.sh" tfplugindocs)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# This is the address under which the generator looks for the schemas; where
# the provider is published does not matter to it.
cat >"$scratch/main.tf" <<'END'
terraform {
  required_providers {
    telematics = { source = "registry.terraform.io/hashicorp/telematics" }
  }
}
END
cat >"$scratch/cli.tfrc" <<END
provider_installation {
  dev_overrides {
    "registry.terraform.io/hashicorp/telematics" = "$(dirname "$provider")"
  }
  direct {}
}
END
TF_CLI_CONFIG_FILE=$scratch/cli.tfrc "$cli" -chdir="$scratch" providers schema -json >"$scratch/schema.json"

# The generator works in a copy, since it removes what was generated before.
mkdir "$scratch/repo"
cp -R "$root/templates" "$root/examples" "$scratch/repo/"
"$generator" generate --provider-dir "$scratch/repo" --provider-name telematics \
	--rendered-provider-name Telematics --providers-schema "$scratch/schema.json" >"$scratch/log" 2>&1 || {
	cat "$scratch/log" >&2
	exit 1
}

if [ -z "$check" ]; then
	rm -rf "$root/docs"
	cp -R "$scratch/repo/docs" "$root/docs"
	echo "docs/ is written."
elif diff -ru "$root/docs" "$scratch/repo/docs"; then
	echo "docs/ is up to date."
else
	echo "docs/ is not what the schemas, templates/ and examples/ make: run make docs." >&2
	exit 1
fi

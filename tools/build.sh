#!/bin/sh
# Builds a pinned development tool, unless it is there already, and prints the
# path of its binary. What it does meanwhile it says on stderr.
#
#   tools/build.sh tofu|terraform|golangci-lint|tfplugindocs|govulncheck|goreleaser|cyclonedx-gomod|vault
#   tools/build.sh terraform-provider-restapi
#
# Each tool is pinned by a module of its own, so that their dependencies do not
# decide each other's versions. The binary is kept in tools/bin in a folder
# named after a checksum of that module's files, hence it is built again when a pin
# changes and not before.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=${1:?usage: tools/build.sh TOOL}
tags='' ldflags='-s -w' minutes='a minute or two'
case $name in
tofu)
	module=. package=github.com/opentofu/opentofu/cmd/tofu minutes='about four minutes'
	# Without this it would call itself a development build.
	ldflags="$ldflags -X github.com/opentofu/opentofu/version.dev=no"
	;;
terraform)
	module=terraform package=github.com/hashicorp/terraform minutes='about three minutes'
	ldflags="$ldflags -X github.com/hashicorp/terraform/version.dev=no"
	;;
golangci-lint) module=lint package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint minutes='about two minutes' ;;
tfplugindocs) module=docs package=github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs minutes='half a minute' ;;
govulncheck) module=vuln package=golang.org/x/vuln/cmd/govulncheck minutes='half a minute' ;;
goreleaser) module=release package=github.com/goreleaser/goreleaser/v2 minutes='about four minutes' ;;
cyclonedx-gomod) module=sbom package=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod minutes='half a minute' ;;
terraform-provider-restapi) module=providers/restapi package=github.com/Mastercard/terraform-provider-restapi minutes='a minute' ;;
vault) module=vault package=github.com/hashicorp/vault tags=minimal minutes='about five minutes' ;;
*)
	echo "tools/build.sh: there is no tool $name" >&2
	exit 2
	;;
esac

cd "$here/$module"
key=$({ cat go.mod go.sum && echo "$tags $ldflags" && go env GOOS GOARCH; } | cksum | tr ' ' -)
folder=$here/bin/$name-$key
binary=$folder/$name$(go env GOEXE)
if [ ! -x "$binary" ]; then
	version=$(sed -n "s#^.*[[:space:]]${package%/cmd/*} \(v[^ ]*\).*#\1#p" go.mod | head -n 1)
	echo "Building $name $version from source, through the Go module proxy: once, $minutes on two cores." >&2
	mkdir -p "$folder"
	# Built aside and moved, so that a second make never runs half a binary.
	if ! CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags "$tags" -ldflags "$ldflags" -o "$folder/.building.$$" "$package"; then
		rm -rf "$folder"
		echo "tools/build.sh: $name could not be built" >&2
		exit 1
	fi
	mv -f "$folder/.building.$$" "$binary"
	for old in "$here/bin/$name"-[0-9]*; do
		[ "$old" = "$folder" ] || rm -rf "$old"
	done
	echo "Built $name; it is kept in tools/bin until its version changes." >&2
fi
printf '%s\n' "$binary"

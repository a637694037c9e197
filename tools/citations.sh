#!/bin/sh
# Fails if a citation in code, scripts, templates or documentation does not
# resolve, and prints where it stands. Checked are
#
#   - sections of PLATFORM-API.md, also where the number stands alone;
#   - titles in quotes, and rules by number, of ARCHITECTURE.md; without a title
#     it is a rule of "Rules of a session";
#   - every other name of a Markdown file, and anchors of links to one;
#   - links of a Markdown file outside docs/ to any file of the repository, and
#     that the Go file in [`Type.Method`](file.go) declares what is named.
#
#   tools/citations.sh [FOLDER]
#
# FOLDER is a git work tree: this repository by default.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "${1:-$here/..}"
git ls-files --cached --others --exclude-standard | sort -u | while IFS= read -r file; do
	[ ! -f "$file" ] || printf '%s\n' "$file"
done | LC_ALL=C awk -f "$here/citations.awk"

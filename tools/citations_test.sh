#!/bin/sh
# Tests tools/citations.sh on a small repository that is made for it.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

mkdir -p "$scratch/repo/docs/guides" "$scratch/repo/templates/guides" "$scratch/repo/internal"
cd "$scratch/repo"
git init -q .

cat >PLATFORM-API.md <<'END'
# The API

[§1](#1-login), [§2](#2-refresh)

## 1. Login
## 2. Refresh
### 2.1 Answer
END
cat >ARCHITECTURE.md <<'END'
# Architecture

## Rules of a session

1. The first.
2. The second.

## Words

1. Lock.

```
## No heading
```
END
echo '# A guide' >docs/guides/vault.md
echo 'See [the guide](vault.md#a-guide).' >templates/guides/other.md.tmpl

# What resolves.
cat >internal/good.go <<'END'
// PLATFORM-API.md §1, (PLATFORM-API.md §2.1, K), PLATFORM-API.md §1 to §2.1,
// `PLATFORM-API.md` §2, PLATFORM-API.md
// §2, and §1 alone; RFC 9110 §10.2.3, RFC 9110
// §99. ARCHITECTURE.md, rule 2; ARCHITECTURE.md "Rules of a session" rules 1
// and 2; `ARCHITECTURE.md` "Rules of a
// session", rule 1; ARCHITECTURE.md's "Words". ARCHITECTURE.md "Words", rule 1.
// ../docs/guides/vault.md, docs/guides/vault.md, https://example.com/NONE.md, *.md.
END
cat >internal/code.go <<'END'
package code

type Store interface {
	Load() error
}

func (s *file) Open() {}
func New() Store
END
echo '[`Store.Load`](internal/code.go), [`file.Open`](internal/code.go), [`New`](internal/code.go), [`Store`](internal/code.go),' >LINKS.md
echo '[x](internal/), [y](internal), [`session/x`](internal/code.go), [z](https://example.com/none.go)' >>LINKS.md
good=$("$here/citations.sh" .) || {
	echo "tools/citations_test.sh: citations that resolve are refused: $good" >&2
	exit 1
}

# What does not, each with the message that it gets.
cat >internal/bad.go <<'END'
// PLATFORM-API.md §3
// PLATFORM-API.md §1 to §2.2
// PLATFORM-API.md
// §4
// §5
// ARCHITECTURE.md, rule 3
// ARCHITECTURE.md "Rules of a session" rules 1 and 9
// ARCHITECTURE.md "No heading"
// ARCHITECTURE.md "Words", rule 2
// DESIGN.md, rule 6
// NONE.md, guides/vault.md
END
echo '[a](internal/vault.md), [b](docs/guides/vault.md#none), [c](#none)' >README.md
echo '[`Store.Open`](internal/code.go), [`Old`](internal/code.go), [`New`](internal/old.go), [x](old/)' >BAD.md
cat >"$scratch/want" <<'END'
BAD.md:1: internal/code.go does not declare `Old`
BAD.md:1: internal/code.go does not declare `Store.Open`
BAD.md:1: internal/old.go is not in the repository
BAD.md:1: old is not in the repository
README.md:1: docs/guides/vault.md has no heading for #none
README.md:1: README.md has no heading for #none
README.md:1: internal/vault.md is not in the repository
internal/bad.go:10: DESIGN.md is not cited: the design is in ARCHITECTURE.md
internal/bad.go:11: NONE.md is not in the repository
internal/bad.go:11: guides/vault.md is not in the repository
internal/bad.go:1: PLATFORM-API.md has no §3
internal/bad.go:2: PLATFORM-API.md has no §2.2
internal/bad.go:3: PLATFORM-API.md has no §4
internal/bad.go:5: PLATFORM-API.md has no §5
internal/bad.go:6: ARCHITECTURE.md has no rule 3 in "Rules of a session"
internal/bad.go:7: ARCHITECTURE.md has no rule 9 in "Rules of a session"
internal/bad.go:8: ARCHITECTURE.md has no section "No heading"
internal/bad.go:9: ARCHITECTURE.md has no rule 2 in "Words"
END
if "$here/citations.sh" . >"$scratch/out" 2>"$scratch/log"; then
	echo 'tools/citations_test.sh: citations that do not resolve pass' >&2
	exit 1
fi
LC_ALL=C sort -o "$scratch/want" "$scratch/want"
LC_ALL=C sort "$scratch/out" | diff "$scratch/want" -
echo 'tools/citations.sh finds what does not resolve.'

# Checks the citations of Markdown files; tools/citations.sh says which. Reads
# the names of the repository's files, prints file:line and a message for each
# citation that does not resolve, and exits 1 if there was one.
#
#   git ls-files | awk -f tools/citations.awk

BEGIN {
	while ((getline name) > 0) {
		exists[name] = 1
		files[++count] = name
		while (sub(/\/[^\/]*$/, "", name)) folders[name] = 1
	}
	for (i = 1; i <= count; i++) {
		if (is_text(files[i])) check(files[i])
	}
	if (failed) {
		print failed " of " found " citations do not resolve." > "/dev/stderr"
		exit 1
	}
	print found " citations resolve."
}

# This program names what it looks for, and its test what does not resolve.
function is_text(path) {
	return path ~ /\.(go|md|tmpl|txtar|tf|hcl|sh|awk|ya?ml)$|^GNUmakefile$|^\.ci\/run$/ && path !~ /^tools\/citations/
}

# check looks through one file. Lines are joined without the marks of comments,
# since a citation may be broken over two of them.
function check(path,    line, n, text, starts, pos, hit) {
	n = 0
	text = ""
	while ((getline line < path) > 0) {
		sub(/^[ \t]*(\/\/|#+|\*|>)?[ \t]*/, "", line)
		starts[++n] = length(text) + 1
		text = text line " "
	}
	close(path)

	pos = 1
	while (match(substr(text, pos), /[A-Za-z0-9_.\/-]*[A-Za-z0-9_-]\.md|§[0-9]+(\.[0-9]+)*|\]\(#[^)]*\)/)) {
		hit = substr(text, pos + RSTART - 1, RLENGTH)
		pos += RSTART - 1
		at = path ":" line_of(pos, starts, n)
		before = substr(text, pos > 200 ? pos - 200 : 1, pos > 200 ? 200 : pos - 1)
		rest = substr(text, pos + length(hit))
		taken = 0
		if (hit ~ /^§/) bare_section(hit)
		else if (hit ~ /^\]/) anchor(path, substr(hit, 4, length(hit) - 4))
		else document(path, hit)
		pos += length(hit) + taken
	}
	if (path ~ /\.md$/ && path !~ /^docs\//) links(path, text, starts, n)
}

# links checks the links of a Markdown file to other files of the repository,
# and that a function or a type is declared in the Go file that its link names.
function links(path, text, starts, n,    pos, hit, label, target) {
	pos = 1
	while (match(substr(text, pos), /\[[^][]*\]\([^)#: ]+\)/)) {
		hit = substr(text, pos + RSTART - 1, RLENGTH)
		pos += RSTART - 1
		at = path ":" line_of(pos, starts, n)
		pos += length(hit)
		label = target = hit
		sub(/\]\(.*$/, "", label)
		sub(/^\[/, "", label)
		sub(/^.*\]\(/, "", target)
		sub(/\)$/, "", target)
		if (target ~ /\.md$/) continue # document has checked it
		target = path_from(path, target)
		if (!(target in exists) && !(target in folders)) fail(target " is not in the repository")
		else if (target ~ /\.go$/ && label ~ /^`([A-Za-z]+\.)?[A-Za-z]+`$/ && !declares(target, substr(label, 2, length(label) - 2))) {
			fail(target " does not declare " label)
		} else found++
	}
}

# path_from is the path of a file as another one, beside it or above, links to it.
function path_from(path, name) {
	sub(/[^\/]*$/, "", path)
	return clean(path name)
}

# declares tells whether a Go file declares a function or type, or a method of a
# type: "Name" or "Type.Name".
function declares(target, name,    line, type, parts, inside, yes) {
	if (split(name, parts, ".") == 2) {
		type = parts[1]
		name = parts[2]
	}
	yes = 0
	while ((getline line < target) > 0) {
		if (type == "" && line ~ ("^(func|type|var|const) " name "[^A-Za-z0-9_]")) yes = 1
		if (type != "" && line ~ ("^func \\(([a-z]+ )?\\*?" type "\\) " name "\\(")) yes = 1
		if (line ~ ("^type " type " interface")) inside = 1
		if (line ~ /^}/) inside = 0
		if (type != "" && inside && line ~ ("^\t" name "\\(")) yes = 1
	}
	close(target)
	return yes
}

function line_of(pos, starts, n,    low, high, middle) {
	low = 1
	high = n
	while (low < high) {
		middle = int((low + high + 1) / 2)
		if (starts[middle] <= pos) low = middle
		else high = middle - 1
	}
	return low
}

# A section without a document's name is one of PLATFORM-API.md, unless it is
# an RFC's.
function bare_section(hit) {
	if (before ~ /RFC [0-9]+,? *$/) return
	section("PLATFORM-API.md", substr(hit, length("§") + 1))
}

# document checks the name of a Markdown file and what follows it: an anchor,
# sections, a title in quotes, rules.
function document(path, hit,    target, title) {
	if (before hit ~ /https?:\/\/[^ "<>()]*$/ || before ~ /[*$%{<\\]$/) return
	if (rest ~ /^[A-Za-z0-9_\\]/ || rest ~ /^\.[a-z]/) return
	if (hit ~ /(^|\/)DESIGN\.md$/) {
		fail("DESIGN.md is not cited: the design is in ARCHITECTURE.md")
		return
	}
	target = resolve(path, hit, before ~ /\]\($/)
	if (target == "") {
		fail(hit " is not in the repository")
		return
	}
	found++
	if (match(rest, /^#[A-Za-z0-9_-]+/)) {
		anchor(target, substr(rest, 2, RLENGTH - 1))
		take(RLENGTH)
	}
	if (target == "PLATFORM-API.md") {
		skip("[)`*]*,? *")
		while (match(rest, /^(,|, | and |, and | or | to |–|-)?§[0-9]+(\.[0-9]+)*/)) {
			hit = substr(rest, 1, RLENGTH)
			take(RLENGTH)
			sub(/^.*§/, "", hit)
			section(target, hit)
		}
	}
	if (target == "ARCHITECTURE.md") {
		skip("[)`*]*('s)?,? *")
		title = "Rules of a session"
		if (match(rest, /^"[^"]+"/)) {
			title = substr(rest, 2, RLENGTH - 2)
			load(target)
			if (!((target, title) in titles)) fail(target " has no section \"" title "\"")
			take(RLENGTH)
			skip(",? *")
		}
		if (match(rest, /^[Rr]ules? [0-9]+/)) {
			hit = substr(rest, 1, RLENGTH)
			take(RLENGTH)
			sub(/^[^0-9]*/, "", hit)
			rule(target, title, hit)
			while (match(rest, /^(, | and |, and | or | to )[0-9]+/)) {
				hit = substr(rest, 1, RLENGTH)
				take(RLENGTH)
				sub(/^[^0-9]*/, "", hit)
				rule(target, title, hit)
			}
		}
	}
}

function take(n) {
	taken += n
	rest = substr(rest, n + 1)
}

function skip(pattern) {
	if (match(rest, "^" pattern)) take(RLENGTH)
}

function fail(message) {
	print at ": " message
	failed++
	found++
}

function section(target, number) {
	load(target)
	if ((target, number) in sections) found++
	else fail(target " has no §" number)
}

function rule(target, title, number) {
	load(target)
	if ((target, title, number) in rules) found++
	else fail(target " has no rule " number " in \"" title "\"")
}

function anchor(target, slug) {
	load(target)
	if ((target, slug) in slugs) found++
	else fail(target " has no heading for #" slug)
}

# resolve returns the path of a Markdown file as another one names it, or
# nothing. A link is relative to the file that it is in; text may also name a
# file from the root. What is in templates/ is published in docs/.
function resolve(path, name, link,    folder, target) {
	folder = path
	sub(/[^\/]*$/, "", folder)
	sub(/^templates\//, "docs/", folder)
	target = clean(folder name)
	if (target in exists) return target
	sub(/^\//, "", name)
	if (!link && (name in exists)) return name
	return ""
}

# clean removes "." and ".." from a path.
function clean(path,    parts, n, i, depth, stack, out) {
	n = split(path, parts, "/")
	depth = 0
	for (i = 1; i <= n; i++) {
		if (parts[i] == ".." && depth > 0) depth--
		else if (parts[i] != "." && parts[i] != "") stack[++depth] = parts[i]
	}
	out = stack[1]
	for (i = 2; i <= depth; i++) out = out "/" stack[i]
	return out
}

# load reads the headings of a Markdown file: their titles, anchors and section
# numbers, and the numbers of the list items below each.
function load(target,    line, fenced, title, number, slug) {
	if ((target in loaded) || !(target in exists)) return
	loaded[target] = 1
	while ((getline line < target) > 0) {
		if (line ~ /^(```|~~~)/) fenced = !fenced
		if (fenced) continue
		while (match(line, /^.*<a id="[^"]*"/)) {
			slug = substr(line, 1, RLENGTH - 1)
			sub(/^.*"/, "", slug)
			slugs[target, slug] = 1
			sub(/<a id="[^"]*"/, "", line)
		}
		if (match(line, /^#+ +/)) {
			title = substr(line, RLENGTH + 1)
			sub(/ +$/, "", title)
			titles[target, title] = 1
			number = title
			if (match(number, /^[0-9]+(\.[0-9]+)*/)) sections[target, substr(number, 1, RLENGTH)] = 1
			slug = tolower(title)
			gsub(/[^a-z0-9 _-]/, "", slug)
			gsub(/ /, "-", slug)
			while ((target, slug) in slugs) slug = slug "-1"
			slugs[target, slug] = 1
		} else if (match(line, /^[0-9]+\. /)) {
			rules[target, title, substr(line, 1, RLENGTH - 2)] = 1
		}
	}
	close(target)
}

# Prints the coverage of each package from a cover profile, and of all. With
# -coverpkg a block is in the profile once for each test binary; it is covered
# if one of them ran it.
#
#   awk -f tools/coverage.awk cover.out

FNR > 1 {
	statements[$1] = $2
	if ($3 > 0) ran[$1] = 1
}

END {
	for (block in statements) {
		package = block
		sub(/\/[^\/]*$/, "", package)
		sub(/^.*\/terraform-provider-telematics\//, "", package)
		total[package] += statements[block]
		all += statements[block]
		if (block in ran) {
			covered[package] += statements[block]
			allCovered += statements[block]
		}
	}
	if (!all) {
		print "coverage: the profile is empty" > "/dev/stderr"
		exit 1
	}
	sort = "sort -k 2"
	for (package in total) printf "%6.1f%%  %s\n", 100 * covered[package] / total[package], package | sort
	close(sort)
	printf "%6.1f%%  of %d statements in internal/...\n", 100 * allCovered / all, all
}

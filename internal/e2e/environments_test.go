package e2e_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// members registers users in an instance, as an app does.
func members(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 3, "members INSTANCE ACTIVE DEACTIVATED")
	p, id := platformOf(ts), instanceNamed(ts, args[0]).ID
	for i, number := range args[1:] {
		n, err := strconv.Atoi(number)
		ts.Check(err)
		for range n {
			p.AddUser(emulator.User{DeviceToken: fmt.Sprintf("d0e1f2a3-2222-4000-8000-%012d", len(p.RegisteredUsers())), InstanceID: id, Inactive: i == 1})
		}
	}
}

func instanceNamed(ts *testscript.TestScript, name string) emulator.Instance {
	for _, i := range platformOf(ts).Instances() {
		if i.Name == name {
			return i
		}
	}
	ts.Fatalf("there is no instance %q", name)
	panic("unreachable")
}

// role says where the admin has one.
func role(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "role company|none, role application NAME, role instance NAME"
	plain(ts, neg, len(args) == 1 || len(args) == 2, usage)
	admin := emulator.Admin{Email: emulator.AdminEmail, Password: emulator.AdminPassword}
	switch strings.Join(args, " ") {
	case "company":
	case "none":
		admin.NoRole = true
	default:
		plain(ts, neg, len(args) == 2, usage)
		if args[0] == "instance" {
			admin.OnlyInstanceID = instanceNamed(ts, args[1]).ID
			break
		}
		for _, a := range platformOf(ts).Applications() {
			if a.Name == args[1] {
				admin.OnlyApplicationID = a.ID
			}
		}
		if admin.OnlyApplicationID == "" {
			ts.Fatalf("there is no application %q", args[1])
		}
	}
	platformOf(ts).AddAdmin(admin)
}

var (
	// A diagnostic names its resource, and the import block of an error has the
	// id.
	diagnosticOf = regexp.MustCompile(`with (telematics_[^\s\[,]+)(?:\[(\S+)\])?,`)
	importID     = regexp.MustCompile(`id = "([^"]+)"`)
)

// paste appends to a configuration the import blocks that the errors in a file
// name, with the addresses of the resources that the errors are about.
func paste(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "paste ERRORS CONFIGURATION")
	blocks := importBlocks(ts.ReadFile(args[0]))
	if blocks == "" {
		ts.Fatalf("%s names no import block", args[0])
	}
	file, err := os.OpenFile(ts.MkAbs(args[1]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = file.WriteString(blocks)
	ts.Check(err)
	ts.Check(file.Close())
}

// importBlocks are the import blocks that errors name: one for each resource, since
// Terraform 1.16.0 heeds only the first of several
// (https://github.com/hashicorp/terraform/issues/39068).
func importBlocks(errors string) string {
	ids := make(map[string]string) // the entries of for_each by address
	var blocks strings.Builder
	for diagnostic := range strings.SplitSeq(errors, "Error: ") {
		address, id := diagnosticOf.FindStringSubmatch(diagnostic), importID.FindAllStringSubmatch(diagnostic, -1)
		switch {
		case address == nil || len(id) != 1:
		case address[2] == "":
			fmt.Fprintf(&blocks, "import {\n  to = %s\n  id = %q\n}\n", address[1], id[0][1])
		default:
			ids[address[1]] += fmt.Sprintf("    %s = %q\n", address[2], id[0][1])
		}
	}
	for _, address := range slices.Sorted(maps.Keys(ids)) {
		fmt.Fprintf(&blocks, "import {\n  for_each = {\n%s  }\n  to = %s[each.key]\n  id = each.value\n}\n", ids[address], address)
	}
	return blocks.String()
}

// doubts leaves the client without an answer to N of the next M requests to an
// endpoint, chosen at random and in many ways: the platform has acted. With
// mixed, it has not in some of them.
func doubts(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 4 || len(args) == 5 && args[4] == "mixed", "doubts ENDPOINT N M SEED [mixed]")
	endpoint, err := emulator.ParseEndpoint(args[0])
	ts.Check(err)
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	m, err := strconv.Atoi(args[2])
	ts.Check(err)
	seed, err := strconv.ParseUint(args[3], 10, 64)
	ts.Check(err)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // It is to be repeatable.
	ways := []emulator.Fault{
		emulator.LostAnswer(), emulator.LostAnswer(), emulator.CutBody(), emulator.ActedStatus(500), emulator.ActedStatus(502), emulator.ActedStatus(504),
	}
	if len(args) == 5 {
		ways = append(ways, emulator.ConnectionReset(), emulator.Status(503))
	}
	faults := make([]emulator.Fault, m)
	for i := range faults {
		faults[i] = emulator.Pass()
		if i < n {
			faults[i] = ways[random.IntN(len(ways))]
		}
	}
	random.Shuffle(m, func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	platformOf(ts).Inject(endpoint, faults...)
}

// converges runs a command, and once more if it fails.
func converges(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) > 0, "converges COMMAND …")
	if err := ts.Exec(args[0], args[1:]...); err != nil {
		ts.Logf("the first run failed: %v", err)
		ts.Check(ts.Exec(args[0], args[1:]...))
	}
}

// killapply applies a configuration again and again and kills the CLI, its
// provider or both at a random moment. After each, the objects that are in no
// state are taken over by the import blocks that the next apply's errors name.
// At the end nothing has been made twice, and nothing is left over.
//
// The configuration makes N instances of different names. In a normal build there
// is one kill or two; make soak does them all.
func killapply(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 3, "killapply KILLS cli|provider|group INSTANCES")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	n = min(n, (mostKills+1)/2)
	target := args[1]
	instances, err := strconv.Atoi(args[2])
	ts.Check(err)
	seed := uint64(time.Now().UnixNano())
	ts.Logf("the moments are made of seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // It is to be repeatable.
	apply := []string{"terraform", "apply", "-lock=false"}

	// The answers take a while, so that kills fall into the time of a request.
	p := platformOf(ts)
	p.InjectAlways(emulator.InstanceCreate, emulator.Delay(200*time.Millisecond))
	started := time.Now()
	ts.Check(ts.Exec(apply[0], apply[1:]...))
	whole := time.Since(started)
	for killed := 0; killed < n; {
		ts.Check(ts.Exec("terraform", "destroy", "-auto-approve", "-lock=false"))
		for range min(1+random.IntN(3), n-killed) {
			moment := whole/4 + time.Duration(random.Int64N(int64(whole)*3/4))
			ts.Check(ts.Exec("killer", append([]string{moment.String(), target}, apply...)...))
			killed++
		}
		for tries := 1; ; tries++ {
			if err := ts.Exec(apply[0], apply[1:]...); err == nil {
				break
			}
			blocks := importBlocks(ts.ReadFile("stderr"))
			// The application is named before its instances are.
			if blocks == "" || tries > 2 {
				ts.Fatalf("after %d kills the apply names no import block:\n%s", killed, ts.ReadFile("stderr"))
			}
			ts.Check(os.WriteFile(ts.MkAbs("imports.tf"), []byte(blocks), 0o600))
		}
		names := make(map[string]bool)
		for _, i := range p.Instances() {
			names[i.Name] = true
		}
		if made := len(p.Instances()) - testObjects["instances"]; made != instances || len(names) != instances+1 { // those of the accounts have no name
			ts.Fatalf("after %d kills there are %d instances with %d names", killed, made, len(names))
		}
		ts.Check(os.RemoveAll(ts.MkAbs("imports.tf")))
	}
}

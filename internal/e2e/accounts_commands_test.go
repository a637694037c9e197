package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// testObjects are the objects of the accounts that every platform of a script
// has.
var testObjects = map[string]int{"applications": 1, "instances": 2, "users": 2}

// objects compares how many objects there are besides those of the test
// accounts.
func objects(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) > 0, "objects applications=N instances=N users=N")
	p := platformOf(ts)
	counts := map[string]int{"applications": len(p.Applications()), "instances": len(p.Instances()), "users": len(p.RegisteredUsers())}
	for _, arg := range args {
		kind, number, _ := strings.Cut(arg, "=")
		got, known := counts[kind]
		if !known {
			ts.Fatalf("no kind %q", kind)
		}
		if got -= testObjects[kind]; strconv.Itoa(got) != number {
			ts.Fatalf("the platform has %d %s more than at the start, want %s", got, kind, number)
		}
	}
}

// registers fails unless each file holds the InstanceId and the InstanceKey of an
// instance that the platform has.
func registers(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) > 0, "registers FILE …")
	for _, file := range args {
		var credentials struct{ InstanceID, InstanceKey string }
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &credentials))
		if info, err := os.Stat(ts.MkAbs(file)); err != nil || info.Mode().Perm() != 0o600 {
			ts.Fatalf("%s: mode %v, want 0600 (%v)", file, info.Mode(), err)
		}
		taken := false
		for _, i := range platformOf(ts).Instances() {
			taken = taken || i.ID == credentials.InstanceID && i.Key == credentials.InstanceKey
		}
		if !taken {
			ts.Fatalf("%s: the platform has no instance with that id and key", file)
		}
	}
}

// byHand makes an object as a person does in DataHub. The ids are the same each
// time; the later objects' are the smaller ones.
func byHand(ts *testscript.TestScript, neg bool, args []string) {
	usage := "byhand application NAME | instance NAME APPLICATION | user DEVICE_TOKEN INSTANCE FIRST_NAME"
	plain(ts, neg, len(args) >= 2, usage)
	p := platformOf(ts)
	id := func(kind string, others int) string {
		return fmt.Sprintf("%s-0000-4000-8000-%012x", kind, 0xfff-others)
	}
	switch kind := args[0]; {
	case kind == "application" && len(args) == 2:
		p.AddApplication(emulator.Application{ID: id("aaaaaaaa", len(p.Applications())), Name: args[1]})
	case kind == "instance" && len(args) == 3:
		for _, a := range p.Applications() {
			if n := len(p.Instances()); a.Name == args[2] {
				p.AddInstance(emulator.Instance{ID: id("bbbbbbbb", n), Key: id("5ec2e7ab", n), ApplicationID: a.ID, Name: args[1]})
			}
		}
	case kind == "user" && len(args) == 4:
		for _, i := range p.Instances() {
			if i.Name == args[2] {
				p.AddUser(emulator.User{DeviceToken: args[1], InstanceID: i.ID, FirstName: args[3]})
			}
		}
	default:
		ts.Fatalf("usage: %s", usage)
	}
}

// drift changes one attribute of an object behind the provider's back, or deletes
// the object where no attribute is named.
func drift(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2 || len(args) == 4, "drift application|instance|user NAME|DEVICE_TOKEN|CLIENT_ID [ATTRIBUTE VALUE]")
	p, kind, name := platformOf(ts), args[0], args[1]
	attribute, value := "", ""
	if len(args) == 4 {
		attribute, value = args[2], args[3]
	}
	done := false
	switch kind {
	case "application":
		for _, a := range p.Applications() {
			switch {
			case a.Name != name:
			case attribute == "":
				done = p.DeleteApplication(a.ID)
			default:
				done = p.ChangeApplication(a.ID, func(a *emulator.Application) {
					change(ts, attribute, value, map[string]*string{
						"name": &a.Name, "description": &a.Description, "google_play_link": &a.GooglePlayLink,
						"apple_store_link": &a.AppleStoreLink, "environment": &a.Environment,
					}, map[string]*bool{"deactivated": &a.Deactivated})
				})
			}
		}
	case "instance":
		for _, i := range p.Instances() {
			switch {
			case i.Name != name:
			case attribute == "":
				done = p.DeleteInstance(i.ID)
			default:
				done = p.ChangeInstance(i.ID, func(i *emulator.Instance) {
					change(ts, attribute, value, map[string]*string{
						"name": &i.Name, "description": &i.Description, "key": &i.Key, "invite_code": &i.InviteCode,
					}, map[string]*bool{"deactivated": &i.Deactivated})
				})
			}
		}
	case "user":
		for _, u := range p.RegisteredUsers() {
			switch {
			case u.DeviceToken != name && u.ClientID != name:
			case attribute == "":
				done = p.DeleteUser(u.DeviceToken)
			default:
				done = p.ChangeUser(u.DeviceToken, func(u *emulator.User) {
					texts, switches := ofUser(u)
					change(ts, attribute, value, texts, switches)
				})
			}
		}
	}
	if !done {
		ts.Fatalf("there is no %s %q", kind, name)
	}
}

// change sets an attribute by its name.
func change(ts *testscript.TestScript, attribute, value string, texts map[string]*string, switches map[string]*bool) {
	if text := texts[attribute]; text != nil {
		*text = value
		return
	}
	on := switches[attribute]
	if on == nil {
		ts.Fatalf("no attribute %q", attribute)
	}
	var err error
	*on, err = strconv.ParseBool(value)
	ts.Check(err)
}

// ofUser are the attributes of a user by their names.
func ofUser(u *emulator.User) (texts map[string]*string, switches map[string]*bool) {
	return map[string]*string{
			"first_name": &u.FirstName, "last_name": &u.LastName, "nickname": &u.Nickname, "phone": &u.Phone, "email": &u.Email,
			"client_id": &u.ClientID, "instance_id": &u.InstanceID, "device_token": &u.DeviceToken,
		}, map[string]*bool{
			"deactivated": &u.Inactive, "enable_tracking": &u.EnableTracking, "enable_logging": &u.EnableLogging,
			"enable_real_time_location": &u.EnableRealTimeLocation,
		}
}

// user fails unless there is one user of a client id, with these attributes.
func user(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || neg && len(args) != 1 {
		ts.Fatalf("usage: user CLIENT_ID ATTRIBUTE=VALUE …")
	}
	var found []emulator.User
	for _, u := range platformOf(ts).RegisteredUsers() {
		if u.ClientID == args[0] {
			found = append(found, u)
		}
	}
	if neg && len(found) == 0 {
		return
	}
	if neg || len(found) != 1 {
		ts.Fatalf("there are %d users of the client id %q", len(found), args[0])
	}
	texts, switches := ofUser(&found[0])
	for _, arg := range args[1:] {
		attribute, want, _ := strings.Cut(arg, "=")
		var got string
		switch {
		case texts[attribute] != nil:
			got = *texts[attribute]
		case switches[attribute] != nil:
			got = strconv.FormatBool(*switches[attribute])
		default:
			ts.Fatalf("no attribute %q", attribute)
		}
		if got != want {
			ts.Fatalf("%s is %q, want %q", attribute, got, want)
		}
	}
}

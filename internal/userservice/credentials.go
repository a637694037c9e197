package userservice

import (
	"fmt"
	"strings"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// Credentials are what a login is made of (PLATFORM-API.md §1). With a
// DeviceToken it is a user's, whose password is the InstanceKey; without, it
// is the admin's. InstanceID and InstanceKey are sent as headers when known.
type Credentials struct {
	Email       string
	Password    secret.String
	DeviceToken secret.String
	InstanceID  string
	InstanceKey secret.String
}

// Kind says whether the credentials are a user's or an admin's.
func (c Credentials) Kind() session.Kind {
	if !c.DeviceToken.IsEmpty() {
		return session.User
	}
	return session.Admin
}

// Missing returns a [*MissingCredentialsError] when no login is possible with
// the credentials, else nil.
func (c Credentials) Missing() error {
	missing := &MissingCredentialsError{Kind: c.Kind()}
	need := func(name string, isMissing bool) {
		if isMissing {
			missing.Names = append(missing.Names, name)
		}
	}
	if missing.Kind == session.User {
		need("instance_id", c.InstanceID == "")
		need("instance_key", c.InstanceKey.IsEmpty())
	} else {
		need("email", c.Email == "")
		need("password", c.Password.IsEmpty())
	}
	if len(missing.Names) == 0 {
		return nil
	}
	return missing
}

// Account is whose sessions the credentials get from the user-service at url.
func (c Credentials) Account(url string) session.Account {
	identity := session.Identity{UserServiceURL: url, Kind: c.Kind(), InstanceID: strings.ToLower(c.InstanceID)}
	if identity.Kind == session.User {
		identity.Login = strings.ToLower(c.DeviceToken.Reveal())
		return session.Account{Identity: identity, Password: c.InstanceKey}
	}
	identity.Login = c.Email
	return session.Account{Identity: identity, Password: c.Password}
}

// A MissingCredentialsError is a login that is not possible.
type MissingCredentialsError struct {
	Kind session.Kind
	// Names are the missing credentials, as the provider block names them.
	Names []string
}

// Error names the credentials.
func (e *MissingCredentialsError) Error() string {
	return fmt.Sprintf("to authorize as %s takes %s", e.Kind, strings.Join(e.Names, " and "))
}

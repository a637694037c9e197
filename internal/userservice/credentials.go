package userservice

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
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

// Account is whose sessions the credentials get from the user-service at base.
func (c Credentials) Account(base *url.URL) session.Account {
	if c.Kind() == session.User {
		return session.NewAccount(session.NewIdentity(base, session.User, c.DeviceToken.Reveal()), c.InstanceKey)
	}
	return session.NewAccount(session.NewIdentity(base, session.Admin, c.Email), c.Password)
}

// Owner returns whose a session is: the access token's claims tell, else the
// device token that the platform answered beside it (PLATFORM-API.md §5).
// Claims that contradict each other tell nothing.
func Owner(accessToken, deviceToken secret.String) session.Owner {
	claims, err := jwt.Claims(accessToken.Reveal())
	if err != nil {
		claims = nil
	}
	text := func(name string) string {
		value, _ := claims[name].(string)
		return value
	}
	device := text("DeviceToken")
	if device == "" {
		device = deviceToken.Reveal()
	}
	switch isAdmin := text("IsAdmin"); {
	case strings.EqualFold(isAdmin, "true"):
		// An admin's token has a DeviceToken claim as well.
		return session.Owner{Kind: session.Admin, Login: text("AdminEmail")}
	case strings.EqualFold(isAdmin, "false") && device == "":
		return session.Owner{Kind: session.User, Login: text("sub")}
	case device != "":
		return session.Owner{Kind: session.User, Login: device}
	default:
		return session.Owner{}
	}
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

package tokens

import (
	"context"

	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
	"github.com/telematics-tools/terraform-provider-telematics/internal/message"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// readCredentials returns the credentials that the arguments ask for, as
// [Opener.Credentials] does, with those that live in a file or behind a command. These
// are read now, unless something else is missing without which no session can be had.
// The context that it returns masks them all.
func (o *Opener) readCredentials(ctx context.Context, args Arguments) (context.Context, userservice.Credentials, message.List) {
	c := o.Credentials(args)
	var found message.List
	read := func(from *settings.Origin, into *secret.String) {
		if from == nil || found.HasError() {
			return
		}
		value, warnings, err := from.Read(ctx)
		found = append(found, warnings...)
		if err != nil {
			found = append(found, explain.Unread(from.Attribute, err)...)
		}
		*into = value
	}
	if args.InstanceKey.IsEmpty() && c.InstanceID != "" {
		read(o.config.Settings.InstanceKeyFrom, &c.InstanceKey)
	}
	if args.DeviceToken.IsEmpty() && c.Email != "" {
		read(o.config.Settings.PasswordFrom, &c.Password)
	}
	if o.config.Mask != nil {
		ctx = o.config.Mask(ctx, c.Password, c.InstanceKey, c.DeviceToken, args.Access, args.Refresh)
	}
	return ctx, c, found
}

// unread stands for a credential that was not read.
var unread = secret.New("unread")

// missing says which credentials are missing. One that was not read is not: it is
// read once the others are there.
func (o *Opener) missing(c userservice.Credentials) error {
	if c.InstanceKey.IsEmpty() && o.config.Settings.InstanceKeyFrom != nil {
		c.InstanceKey = unread
	}
	if c.Password.IsEmpty() && o.config.Settings.PasswordFrom != nil {
		c.Password = unread
	}
	return c.Missing()
}

// Package message holds what a person is told: errors and warnings in words, as
// Terraform shows them in diagnostics and the command line on standard error.
package message

// A Message is an error or a warning. It holds nothing secret.
type Message struct {
	// Warning is true where nothing has failed.
	Warning bool
	// Attribute is what the message is about, as it is written in a
	// configuration; a dot leads into a nested block. It is empty where the
	// message is about none, or about a value of the environment.
	Attribute string
	// Title says in a few words what failed.
	Title string
	// Detail are sentences: what failed, why, and what to do next.
	Detail string
	// Err is the error that an error explains, for a program; nil where there is
	// none. It is not for a person.
	Err error
}

// A List holds messages in the order in which they came up.
type List []Message

// HasError reports whether one of the messages is an error.
func (l List) HasError() bool {
	for _, m := range l {
		if !m.Warning {
			return true
		}
	}
	return false
}

// Error adds an error that is about no attribute.
func (l *List) Error(title, detail string) { *l = append(*l, Message{Title: title, Detail: detail}) }

// Warn adds a warning that is about no attribute.
func (l *List) Warn(title, detail string) {
	*l = append(*l, Message{Warning: true, Title: title, Detail: detail})
}

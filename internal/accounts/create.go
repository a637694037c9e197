package accounts

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

// Created is an object that was made. A create may be acted on though its answer
// is lost, and it is not idempotent (PLATFORM-API.md §8). So the siblings are
// listed before: one of the same name that this process has not made is a
// [*SiblingsError]. After a doubt they are listed again: the one that is new is
// adopted, and only where there is none, the create is sent again, once.
type Created struct {
	ID string
	// Adopted means that the answer was lost, and the object was found.
	Adopted bool
	// Double are the ids of objects that the first of two requests made after
	// all. They are in nobody's hands.
	Double []string
}

// CreateOptions are what a create may do.
type CreateOptions struct {
	// AllowSameName makes the object although there is one of its name.
	AllowSameName bool
}

// A SiblingsError is a create that was not sent, or not sent again, because
// there are objects that may be the one that is wanted.
type SiblingsError struct {
	// Kind is "application" or "instance".
	Kind string
	Name string
	// Parent is the id of the company or of the application that they are in.
	Parent string
	// IDs are those of the objects of that name.
	IDs []string
	// Err is why it is not known whether they were made just now; nil where
	// they were there before.
	Err error
}

// Error names the ids.
func (e *SiblingsError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%v; which of these it has made is not known: %s", e.Err, strings.Join(e.IDs, ", "))
	}
	return fmt.Sprintf("there is %s %s of the name %q already: %s", article(e.Kind), e.Kind, e.Name, strings.Join(e.IDs, ", "))
}

// Unwrap returns Err.
func (e *SiblingsError) Unwrap() error { return e.Err }

func article(kind string) string {
	if strings.HasPrefix(kind, "a") || strings.HasPrefix(kind, "i") {
		return "an"
	}
	return "a"
}

// A DoubtError is a create of which it is not known whether it was acted on.
type DoubtError struct {
	// Kind is "application" or "instance".
	Kind string
	Name string
	// AllowSameName means that the next create does not look for it.
	AllowSameName bool
	// Err is the platform's answer, or the lack of one.
	Err error
}

// Error tells the answer.
func (e *DoubtError) Error() string {
	return fmt.Sprintf("%v; whether the %s %q was made is not known", e.Err, e.Kind, e.Name)
}

// Unwrap returns Err.
func (e *DoubtError) Unwrap() error { return e.Err }

// creates is what a process knows of the objects that it makes.
type creates struct {
	mu    sync.Mutex
	locks map[string]chan struct{}
	made  map[string]bool // by folded id
}

// lock waits until no other create of the same parent and name is under way.
func (c *creates) lock(ctx context.Context, key string) (unlock func(), err error) {
	c.mu.Lock()
	if c.locks == nil {
		c.locks = make(map[string]chan struct{})
	}
	if c.locks[key] == nil {
		c.locks[key] = make(chan struct{}, 1)
	}
	lock := c.locks[key]
	c.mu.Unlock()
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *creates) add(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		c.made = make(map[string]bool)
	}
	c.made[foldID(id)] = true
}

func (c *creates) has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made[foldID(id)]
}

// A sibling is an object of the same kind and parent.
type sibling struct{ id, name, description string }

// A creation is a create with what it takes to make sure of it.
type creation struct {
	kind, parent      string
	name, description string
	options           CreateOptions
	siblings          func(context.Context) ([]sibling, error)
	post              func(context.Context) (id string, err error)
}

// create makes an object. See [Created].
func (c *Client) create(ctx context.Context, want creation) (Created, error) {
	unlock, err := c.creates.lock(ctx, want.kind+"\x00"+foldID(want.parent)+"\x00"+foldText(want.name))
	if err != nil {
		return Created{}, err
	}
	defer unlock()
	before, err := want.siblings(ctx)
	if err != nil {
		return Created{}, err
	}
	if foreign := c.named(want, before, nil); len(foreign) > 0 && !want.options.AllowSameName {
		return Created{}, &SiblingsError{Kind: want.kind, Name: want.name, Parent: want.parent, IDs: ids(foreign)}
	}
	id, err := want.post(ctx)
	if err == nil {
		c.creates.add(id)
		return Created{ID: id}, nil
	}
	for sent := 1; maybeActed(err); sent++ {
		// The object is looked for even when the caller has gone: what was made
		// must not be lost.
		found, lookup := want.siblings(context.WithoutCancel(ctx))
		if lookup != nil {
			return Created{}, want.doubt(err)
		}
		fresh := c.named(want, found, before)
		switch {
		case len(fresh) == 1 && SameText(fresh[0].description, want.description):
			c.creates.add(fresh[0].id)
			return Created{ID: fresh[0].id, Adopted: true}, nil
		case len(fresh) > 0:
			return Created{}, &SiblingsError{Kind: want.kind, Name: want.name, Parent: want.parent, IDs: ids(fresh), Err: err}
		case sent == 2 || ctx.Err() != nil:
			return Created{}, want.doubt(err)
		}
		if id, err = want.post(ctx); err == nil {
			c.creates.add(id)
			created := Created{ID: id}
			if found, lookup := want.siblings(ctx); lookup == nil {
				created.Double = ids(c.named(want, found, before))
			}
			return created, nil
		}
	}
	return Created{}, err
}

func (w creation) doubt(err error) error {
	return &DoubtError{Kind: w.kind, Name: w.name, AllowSameName: w.options.AllowSameName, Err: err}
}

// SameText reports whether two texts are the same but for the white space around
// them and the kind of their line breaks. Whether the platform keeps those is not
// known.
func SameText(a, b string) bool { return foldText(a) == foldText(b) }

func foldText(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// named returns those of the siblings that have the wanted name, were not there
// before, and were not made by this process.
func (c *Client) named(want creation, siblings, before []sibling) []sibling {
	return slices.DeleteFunc(slices.Clone(siblings), func(s sibling) bool {
		same := func(b sibling) bool { return SameID(b.id, s.id) }
		return !SameText(s.name, want.name) || c.creates.has(s.id) || slices.ContainsFunc(before, same)
	})
}

func ids(siblings []sibling) []string {
	all := make([]string, len(siblings))
	for i, s := range siblings {
		all[i] = s.id
	}
	slices.Sort(all)
	return all
}

// post sends a create and returns the id of what was made, which the Result has
// under a key.
func (c *Client) post(ctx context.Context, service string, r platform.Request, key string) (id string, err error) {
	r.Method = http.MethodPost
	r.Check = func(a platform.Answer) string {
		var made map[string]any
		_ = a.Decode(&made)
		if id, _ = made[key].(string); id == "" {
			return "the answer does not tell what was made"
		}
		return ""
	}
	_, err = c.call(ctx, service, r)
	return id, err
}

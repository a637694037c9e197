package emulator

import (
	"io"
	"net/http"
)

// maxRequest bounds a request's body; a real one is much smaller.
const maxRequest = 64 << 10

// endpoint wraps what an endpoint does with what all of them do: count, check
// the method, and fail when told to.
func (p *Platform) endpoint(e Endpoint, method string, act func(*http.Request, []byte) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		fault := p.begin(e)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			p.write(w, refusal(http.StatusRequestEntityTooLarge, "Request too large", "", "The body is too large."))
			return
		}
		if r.Method != method {
			w.Header().Set("Allow", method)
			p.write(w, refusal(http.StatusMethodNotAllowed, "Method not allowed", "", "Use "+method+"."))
			return
		}
		if fault.instead != nil {
			fault.instead(p, w, r)
			return
		}
		p.mu.Lock()
		answer := act(r, body)
		p.mu.Unlock()
		if fault.spoil != nil {
			fault.spoil(p, w, answer)
			return
		}
		p.write(w, answer)
	}
}

// begin counts a request and takes the next fault of its endpoint.
func (p *Platform) begin(e Endpoint) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.count(e)
	waiting := p.faults[e]
	if len(waiting) == 0 {
		return Fault{}
	}
	p.faults[e] = waiting[1:]
	return waiting[0]
}

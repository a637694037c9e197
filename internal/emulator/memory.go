package emulator

import (
	"context"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// InMemory serves a handler with the client and server of net/http over
// connections in memory, so that both can be in a bubble of testing/synctest,
// where no wall time passes. Every host name leads to it. Stop it before the
// bubble ends; from then on a connection is refused.
func InMemory(handler http.Handler) (transport *http.Transport, stop func()) {
	listener := &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Hour}
	go func() { _ = server.Serve(listener) }()
	transport = &http.Transport{DialContext: listener.dial}
	return transport, func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	}
}

// pipes are a listener whose connections are in memory.
type pipes struct {
	connections chan net.Conn
	once        sync.Once
	closed      chan struct{}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.connections <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: syscall.ECONNREFUSED}
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "pipe"} }

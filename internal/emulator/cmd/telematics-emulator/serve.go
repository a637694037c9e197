package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// shutdownTime is how long requests have to finish when the command is told to
// end.
const shutdownTime = 5 * time.Second

// serve listens, prints how to use the emulator, and serves until ctx ends.
func serve(ctx context.Context, s settings, out, logs io.Writer) error {
	platform := emulator.New(s.options)
	platform.AddAdmin(s.admin)
	platform.AddInstance(s.instance)
	platform.AddUser(s.user)

	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.listen)
	if err != nil {
		return err
	}
	// The machine decides what localhost is.
	if address, ok := listener.Addr().(*net.TCPAddr); !ok || !address.IP.IsLoopback() {
		_ = listener.Close()
		return errors.New("localhost is not an address of loopback on this machine; name one with -listen")
	}
	log := slog.New(slog.NewTextHandler(logs, nil))
	server := &http.Server{Handler: logged(platform, log), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	err = announce(out, "http://"+listener.Addr().String(), s)
	if err == nil {
		select {
		case err = <-served:
			return err
		case <-ctx.Done():
			log.Info("stopping")
		}
	}
	platform.Close()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return errors.Join(err, server.Shutdown(ending))
}

// logged writes a line for each request: method, path and status. Headers,
// bodies and queries may hold secrets and are left out.
func logged(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(watched, r)
		log.Info("request", "method", r.Method, "path", r.URL.Path, "status", watched.status)
	})
}

// statusWriter remembers the status that is sent through it.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

package e2e_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/tlstest"
)

// secure serves the script's platform with a certificate that no system trusts, as
// a proxy of a company's does. It leaves ca.pem, client.pem and client-key.pem.
func secure(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) <= 2, "secure [mutual] [NAME]")
	handler, ok := ts.Value(gateKey{}).(http.Handler)
	if !ok {
		ts.Fatalf("the script has no platform")
	}
	name, mutual := "127.0.0.1", slices.Contains(args, "mutual")
	if last := len(args) - 1; last >= 0 && args[last] != "mutual" {
		name = args[last]
	}
	authority := tlstest.New("Corporate CA")
	client := authority.Client()
	for file, text := range map[string]string{"ca.pem": authority.PEM, "client.pem": client.Cert, "client-key.pem": client.Key} {
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o600))
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Server(name).TLS}, MinVersion: tls.VersionTLS12}
	if mutual {
		// With TLS 1.2 a client learns in the handshake that it is turned down.
		server.TLS.ClientAuth, server.TLS.ClientCAs, server.TLS.MaxVersion = tls.RequireAndVerifyClientCert, authority.Pool(), tls.VersionTLS12
	}
	server.StartTLS()
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	for _, service := range []string{"USER_SERVICE", "ACCOUNTS", "PORTAL"} {
		ts.Setenv("TELEMATICS_"+service+"_URL", server.URL)
	}
}

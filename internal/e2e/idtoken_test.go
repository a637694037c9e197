package e2e_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// idToken writes a token that says what runs, as a CI system signs one for a job.
// Its first call in a script makes the system's key, whose public half is in
// issuer.pem.
func idToken(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) > 1, "idtoken FILE CLAIM=VALUE …")
	now := time.Now()
	claims := map[string]any{"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": rand.Text()}
	for _, claim := range args[1:] {
		name, value, ok := strings.Cut(claim, "=")
		if !ok {
			ts.Fatalf("%s is no claim", claim)
		}
		claims[name] = value
	}
	head, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT"})
	ts.Check(err)
	body, err := json.Marshal(claims)
	ts.Check(err)
	encode := base64.RawURLEncoding.EncodeToString
	text := encode(head) + "." + encode(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, issuerKey(ts), crypto.SHA256, sum[:])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text+"."+encode(signature)), 0o600))
}

// issuerKey returns the key of the script's CI system.
func issuerKey(ts *testscript.TestScript) *rsa.PrivateKey {
	file := ts.MkAbs("issuer.key")
	if der, err := os.ReadFile(file); err == nil {
		key, err := x509.ParsePKCS1PrivateKey(der)
		ts.Check(err)
		return key
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	ts.Check(err)
	ts.Check(os.WriteFile(file, x509.MarshalPKCS1PrivateKey(key), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("issuer.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o600))
	return key
}

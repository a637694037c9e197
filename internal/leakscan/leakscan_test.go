package leakscan_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/leakscan"
)

const secret = "a-secret <of> some length"

// token is as long as a JWT and begins like every other.
var token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + strings.Repeat("0123456789abcdef", 8) + ".signature"

// zipped is an archive with one member.
func zipped(t *testing.T, name string, text []byte) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	member, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := member.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func TestTree_FindsSecretsInEveryEncoding(t *testing.T) {
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		text []byte
		want string
	}{
		{"as it is", []byte("x" + secret + "x"), "file: secret 0 as text"},
		{"in JSON", quoted, "file: secret 0 as JSON"},
		{"in hex", fmt.Appendf(nil, "%x", secret), "file: secret 0 as hex"},
		{"in base64", []byte(base64.StdEncoding.EncodeToString([]byte(secret))), "file: secret 0 as base64"},
		{"in base64, 1 further", []byte(base64.StdEncoding.EncodeToString([]byte("x" + secret + "xy"))), "file: secret 0 as base64"},
		{"in base64, 2 further", []byte(base64.StdEncoding.EncodeToString([]byte("xy" + secret + "z"))), "file: secret 0 as base64"},
		{"the middle of a long", []byte(token[20:110]), "file: secret 1 as a part of it"},
		{"in an archive", zipped(t, "inner", []byte(secret)), "file!inner: secret 0 as text"},
		{"in two archives", zipped(t, "a", zipped(t, "b", []byte(secret))), "file!a!b: secret 0 as text"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.WriteFile(filepath.Join(root, "file"), tc.text, 0o600); err != nil {
				t.Fatal(err)
			}
			_, found, err := leakscan.Tree(root, []string{secret, token})
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != 1 || found[0].String() != tc.want {
				t.Errorf("found %v, want %q", found, tc.want)
			}
		})
	}
}

func TestTree_ReturnsTheFilesThatItRead(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	// What every token begins with gives none away.
	innocent := zipped(t, "member", []byte("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."))
	if err := os.WriteFile(filepath.Join(root, "folder", "file"), innocent, 0o600); err != nil {
		t.Fatal(err)
	}
	read, found, err := leakscan.Tree(root, []string{secret, token})
	if err != nil || len(found) != 0 {
		t.Fatalf("found %v, error %v", found, err)
	}
	var names []string
	for _, file := range read {
		names = append(names, file.Name)
	}
	if got, want := strings.Join(names, " "), "folder/file folder/file!member"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
	read, _, err = leakscan.Tree(filepath.Join(root, "folder", "file"), []string{secret})
	if err != nil || len(read) != 2 || read[0].Name != "file" {
		t.Errorf("a single file: read %v, error %v", read, err)
	}
}

func TestTree_WhatCannotBeSearchedIsAnError(t *testing.T) {
	if _, _, err := leakscan.Tree(t.TempDir(), []string{"short"}); err == nil {
		t.Error("a short secret was looked for")
	}
	if _, _, err := leakscan.Tree(filepath.Join(t.TempDir(), "missing"), []string{secret}); err == nil {
		t.Error("a folder that is not there was found clean")
	}
	root := t.TempDir()
	broken := zipped(t, "member", bytes.Repeat([]byte("text "), 100))
	// The member's first bytes are behind its header of 30 and its name.
	copy(broken[30+len("member"):], "\xff\xff\xff\xff")
	if err := os.WriteFile(filepath.Join(root, "file"), broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := leakscan.Tree(root, []string{secret}); err == nil {
		t.Error("an archive that cannot be unpacked was found clean")
	}
}

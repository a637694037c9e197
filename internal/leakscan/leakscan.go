// Package leakscan looks for secrets in what a run leaves behind: a state, a
// saved plan, logs. It is for tests.
package leakscan

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// shortest is the length of the shortest secret that is looked for. Shorter texts
// occur by chance.
const shortest = 8

// File is a file, or a member of an archive, that was read.
type File struct {
	// Name is the path below the root of the scan; a member of an archive
	// is called "archive!member".
	Name string
	// Size is in bytes, unpacked.
	Size int64
}

// Finding says where a secret was found, and not what it is.
type Finding struct {
	// File is the [File.Name] of where it was.
	File string
	// Secret is its index among the secrets that were looked for.
	Secret int
	// Form is the encoding that it was in, such as "base64".
	Form string
}

// String is a line for a person to read.
func (f Finding) String() string {
	return fmt.Sprintf("%s: secret %d as %s", f.File, f.Secret, f.Form)
}

// Tree looks for secrets in a file, or in all files of a folder, and inside
// archives: a plan file is one. Symbolic links are not followed. It returns
// the files that it read, so that a caller can tell "nothing found" from
// "nothing there", and what it found. Secrets of fewer than 8 bytes are an
// error, since they would be found by chance.
func Tree(root string, secrets []string) ([]File, []Finding, error) {
	for i, secret := range secrets {
		if len(secret) < shortest {
			return nil, nil, fmt.Errorf("secret %d is too short to look for: %d bytes, want %d or more", i, len(secret), shortest)
		}
	}
	var files []File
	var findings []Finding
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path) //nolint:gosec // The scan only reads, and no file is replaced meanwhile.
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if name == "." {
			name = filepath.Base(path)
		}
		read, found, err := scan(filepath.ToSlash(name), text, secrets)
		files = append(files, read...)
		findings = append(findings, found...)
		return err
	})
	return files, findings, err
}

// scan looks for secrets in a text, and in its members if it is an archive.
func scan(name string, text []byte, secrets []string) ([]File, []Finding, error) {
	files := []File{{Name: name, Size: int64(len(text))}}
	findings := Text(name, text, secrets)
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return files, findings, nil //nolint:nilerr // It is not an archive, like most files.
	}
	for _, member := range archive.File {
		inside, err := unpack(member)
		if err != nil {
			return files, findings, fmt.Errorf("%s!%s: %w", name, member.Name, err)
		}
		read, found, err := scan(name+"!"+member.Name, inside, secrets)
		files = append(files, read...)
		findings = append(findings, found...)
		if err != nil {
			return files, findings, err
		}
	}
	return files, findings, nil
}

func unpack(member *zip.File) ([]byte, error) {
	r, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// Text looks for secrets in a text. Its findings call the text by name.
func Text(name string, text []byte, secrets []string) []Finding {
	var findings []Finding
	for i, secret := range secrets {
		for _, f := range forms(secret) {
			if bytes.Contains(text, f.text) {
				findings = append(findings, Finding{File: name, Secret: i, Form: f.name})
			}
		}
	}
	return findings
}

// form is a way in which a secret may be written.
type form struct {
	name string
	text []byte
}

// forms are the ways in which a secret may be written. A part of a long one is
// enough to give it away, so its middle is looked for as well: the beginning
// of a JWT is the same in all of them.
func forms(secret string) []form {
	// Base64 of a part of a text depends on where the part begins, modulo 3.
	// All but its ends is the same as in the base64 of the whole.
	all := []form{{"text", []byte(secret)}, {"hex", []byte(hex.EncodeToString([]byte(secret)))}}
	for shift := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00\x00"[:shift] + secret))
		all = append(all, form{"base64", []byte(encoded[(shift*8+5)/6 : len(encoded)-1])})
	}
	if quoted, err := json.Marshal(secret); err == nil && string(quoted) != `"`+secret+`"` {
		all = append(all, form{"JSON", bytes.Trim(quoted, `"`)})
	}
	if middle := len(secret) / 2; middle >= 40 {
		all = append(all, form{"a part of it", []byte(secret[middle-16 : middle+16])})
	}
	return all
}

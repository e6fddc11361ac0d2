package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// entry is one key that stands in a file.
type entry struct {
	file string // as the person named it
	line int    // where it stands in a file of several keys; 0 for a file that is one key
	form string // in which form, in words

	// key is the public key, also of a private key and of an X.509 certificate.
	// It is zero where the certificate's key is of a kind that SSH does not know.
	key         sshkey.PublicKey
	certificate sshkey.Certificate // the zero one for any other form
	isPrivate   bool               // the form is that of a private key
	encrypted   bool               // and it has a passphrase
	private     sshkey.PrivateKey  // of an encrypted key only where its passphrase was given
	opened      bool               // private is there
	options     string             // of a line of authorized_keys
	err         error              // why the line is no key; the rest is empty then
}

// where is how messages and results name the entry.
func (e entry) where() string {
	if e.line == 0 {
		return fileName(e.file)
	}
	return fmt.Sprintf("%s:%d", fileName(e.file), e.line)
}

// isX509 says whether the entry is an X.509 certificate.
func (e entry) isX509() bool { return e.certificate != sshkey.Certificate{} }

// hasKey says whether there is a key that SSH knows.
func (e entry) hasKey() bool { return e.key != sshkey.PublicKey{} }

// everyForm takes whatever is a public key.
var everyForm = sshkey.Accept{RFC4716: true, PEM: true, Blob: true, FamilyWords: true, Options: true, Space: true}

// lineForm takes what may stand on a line of authorized_keys.
var lineForm = sshkey.Accept{Options: true, Space: true}

// readKeys reads every key of a FILE: a key in any form, or lines as in
// authorized_keys, of which some may be no keys.
func (a *app) readKeys(ctx context.Context, file, passphraseFile string) ([]entry, error) {
	text, err := a.readKeyFile(ctx, file)
	if err != nil {
		return nil, err
	}
	if err := refuseBinary(text); err != nil {
		return nil, &located{fileName(file), err}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // Windows programs begin files with this mark
	passphrase, err := a.readPassphrase(ctx, passphraseFile)
	if err != nil {
		return nil, err
	}
	e, err := parseOne(string(text), passphrase)
	if err != nil {
		if lines := parseLines(string(text)); lines != nil {
			for i := range lines {
				lines[i].file = file
			}
			return lines, nil
		}
		return nil, &located{fileName(file), err}
	}
	e.file = file
	return []entry{e}, nil
}

// readKey reads a FILE of one key.
func (a *app) readKey(ctx context.Context, file, passphraseFile string) (entry, error) {
	all, err := a.readKeys(ctx, file, passphraseFile)
	if err != nil {
		return entry{}, err
	}
	if len(all) > 1 {
		return entry{}, refuse(severalKeys, fileName(file), len(all))
	}
	if err := all[0].err; err != nil {
		return entry{}, &located{all[0].where(), err}
	}
	return all[0], nil
}

var severalKeys = sshkey.Wording{English: "%s holds %d keys; give one at a time", Korean: "%s: 키가 %d개 있습니다. 한 번에 하나씩 지정하십시오"}

// parseOne reads a text that is one key.
func parseOne(text string, passphrase []byte) (entry, error) {
	r, err := everyForm.Read(text)
	if err == nil {
		return entry{form: r.Form.String(), key: r.Key, options: r.Options}, nil
	}
	var refused *sshkey.ParseError
	if !errors.As(err, &refused) {
		return entry{}, err
	}
	switch {
	case refused.Reason.Private():
		return parsePrivate(text, passphrase)
	case refused.Reason == sshkey.IsCertificate:
		return parseCertificate(text)
	}
	return entry{}, err
}

// parsePrivate reads a private key. Of an encrypted one without its passphrase
// the public half will do, where the format keeps that in the clear.
func parsePrivate(text string, passphrase []byte) (entry, error) {
	f, err := sshkey.ParsePrivateKey([]byte(text), passphrase)
	var closed *sshkey.PrivateError
	switch {
	case err == nil:
		return entry{form: "private key, " + string(f.Format), key: f.Key.Public(f.Comment), isPrivate: true,
			encrypted: f.Encrypted, private: f.Key, opened: true}, nil
	case !errors.Is(err, sshkey.ErrPassphraseMissing) || !errors.As(err, &closed):
		return entry{}, err
	case closed.Public == sshkey.PublicKey{}:
		return entry{}, refuse(isEncrypted)
	}
	return entry{form: "private key", key: closed.Public, isPrivate: true, encrypted: true}, nil
}

var isEncrypted = sshkey.Wording{
	English: "the private key is encrypted; name a file with its passphrase: --passphrase-file FILE",
	Korean:  "암호화된 개인 키입니다. 암호 문구가 든 파일을 --passphrase-file FILE로 지정하십시오",
}

// parseCertificate reads an X.509 certificate, and its key where SSH has such keys.
func parseCertificate(text string) (entry, error) {
	c, err := sshkey.ParseCertificate(text)
	if err != nil {
		return entry{}, err
	}
	key, _ := sshkey.KeyOfX509(c.DER()) // of a kind that SSH does not know: none
	return entry{form: "X.509 certificate", certificate: c, key: key}, nil
}

// parseLines reads the lines of authorized_keys, or returns nil where no line
// is a key. Empty lines and those that begin with # are passed over.
func parseLines(text string) []entry {
	var all []entry
	some, number := false, 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		r, err := lineForm.Read(line)
		some = some || err == nil
		e := entry{line: number, err: err}
		if err == nil {
			e.form, e.key, e.options = r.Form.String(), r.Key, r.Options
		}
		all = append(all, e)
	}
	if !some {
		return nil
	}
	return all
}

package compute

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"io"
	"strings"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// GuestPassword is what is kept of the default user's password: never itself.
type GuestPassword struct {
	Hash string // as [SHA512Crypt] makes it, or ""
	// Login is whether the guest's SSH server takes passwords at all.
	Login bool
	// Sealed is a Windows guest's password, encrypted with PKCS#1 v1.5 to the RSA
	// key of its key pair, in base64; "" where there is none.
	Sealed string
}

// ErrNoPassword is in the Conflict fault about a guest whose password cannot be changed.
var ErrNoPassword = &fault.Error{Kind: fault.Conflict, Resource: "instance",
	Msg: "its guest takes a password only when it is made"}

// ChangePassword gives the guest's default user another password, at once.
// Whether it can be used to log in by SSH stays as it was. Faults: Forbidden (a
// reader), NotFound, Conflict with a [Locked] or [WrongState] or
// [ErrNoPassword] (Windows), Invalid (adminPass: too long).
func (s *Service) ChangePassword(ctx context.Context, c identity.Caller, id, password string) error {
	hash, err := s.hash(password) // before the transaction: it takes milliseconds
	if err != nil {
		return err
	}
	_, err = s.ask(ctx, c, id, ActionPassword, func(_ Tx, i *Instance) error {
		if i.Image.OSType == Windows {
			return ErrNoPassword
		}
		i.Password.Hash = hash
		return nil
	})
	return err
}

// SealedPassword returns a Windows guest's password, sealed to its key pair in
// base64, or "": before it first runs, after [Service.ClearPassword], and where
// there is no RSA key to seal it to. Faults: NotFound.
func (s *Service) SealedPassword(ctx context.Context, c identity.Caller, id string) (string, error) {
	i, err := s.Instance(ctx, c, id)
	if err != nil || i.LaunchedAt.IsZero() || i.State.Task == Rebuilding {
		return "", err
	}
	return i.Password.Sealed, nil
}

// ClearPassword forgets the sealed password. Faults: Forbidden (a reader),
// NotFound, Conflict with a [Locked].
func (s *Service) ClearPassword(ctx context.Context, c identity.Caller, id string) error {
	if err := mayChange(c); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		i, err := lockedInstance(ctx, tx, c, id)
		if err != nil {
			return err
		}
		if err := i.unlocked(c); err != nil || i.Password.Sealed == "" {
			return err
		}
		i.Password.Sealed, i.UpdatedAt = "", s.now()
		if err := tx.UpdateInstance(ctx, i); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.audit(c, audit.Update, i, "sealed password cleared"))
	})
}

// hash makes the hash of a password with a new salt; none for no password.
// Faults: Invalid (adminPass).
func (s *Service) hash(password string) (string, error) {
	switch {
	case password == "":
		return "", nil
	case len(password) > MaxPassword:
		return "", fault.Invalidf("adminPass", "a password has at most %d bytes", MaxPassword)
	case strings.ContainsAny(password, "\x00\n\r"):
		return "", fault.Invalidf("adminPass", "a password has no line breaks or NUL characters")
	}
	raw := make([]byte, saltLength)
	if _, err := io.ReadFull(s.opt.Random, raw); err != nil {
		return "", fault.Wrap(err, "making a salt")
	}
	for k, b := range raw {
		raw[k] = cryptAlphabet[b&63]
	}
	return SHA512Crypt(password, string(raw)), nil
}

// sealPassword seals a Windows guest's password to its key pair.
func (s *Service) sealPassword(i *Instance, password string) error {
	i.Password.Sealed = ""
	if i.Image.OSType != Windows || password == "" || len(i.Bindings) == 0 {
		return nil
	}
	key, ok := rsaKey(i.Bindings[len(i.Bindings)-1])
	if !ok || len(password) > key.Size()-11 {
		return nil // the recipe has no way for these: the password is the one that was asked for
	}
	sealed, err := rsa.EncryptPKCS1v15(s.opt.Random, key, []byte(password)) //nolint:staticcheck // what clients decrypt (nova get-password)
	if err != nil {
		return fault.Wrap(err, "sealing a password")
	}
	i.Password.Sealed = base64.StdEncoding.EncodeToString(sealed)
	return nil
}

// rsaKey is the RSA key of a binding: an SSH key's or a certificate's.
func rsaKey(b Binding) (*rsa.PublicKey, bool) {
	if b.Type == "x509" {
		cert, err := sshkey.ParseCertificate(b.PublicKey)
		if err != nil {
			return nil, false
		}
		parsed, err := x509.ParseCertificate(cert.DER())
		if err != nil {
			return nil, false
		}
		key, ok := parsed.PublicKey.(*rsa.PublicKey)
		return key, ok
	}
	key, err := sshkey.ParsePublicKey(b.PublicKey)
	if err != nil {
		return nil, false
	}
	n, e, ok := key.Certified().RSANumbers()
	if !ok || !e.IsInt64() || e.Int64() > 1<<31-1 {
		return nil, false
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, true
}

// passwordLogin tells whether the guest's SSH server takes passwords: as in the
// distributions' cloud images it does not, unless the image's property
// ssh_pwauth or a line ssh_pwauth of a cloud-config in the user data says so
// (https://cloudinit.readthedocs.io/en/latest/reference/modules.html#set-passwords).
func passwordLogin(i Image, userData []byte) bool {
	on := isYes(i.Properties["ssh_pwauth"])
	if !bytes.HasPrefix(userData, []byte("#cloud-config")) {
		return on
	}
	for line := range strings.Lines(string(userData)) {
		if value, ok := strings.CutPrefix(line, "ssh_pwauth:"); ok {
			value, _, _ = strings.Cut(value, " #")
			on = isYes(strings.Trim(strings.TrimSpace(value), `"'`))
		}
	}
	return on
}

func isYes(s string) bool {
	switch strings.ToLower(s) {
	case "true", "yes", "on", "1":
		return true
	}
	return false
}

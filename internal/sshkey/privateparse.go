package sshkey

import (
	"bytes"
	"crypto"
	"encoding/pem"
	"strings"
)

// maxPrivateText bounds the text of a private key, in bytes. The longest key
// that SSH knows, RSA with 16384 bits, takes 14 KiB; the rest is room for a
// comment, and for certificates beside the key.
const maxPrivateText = 64 << 10

// PrivateFile is what a private key file holds.
type PrivateFile struct {
	Key       PrivateKey
	Comment   string        // on one line; empty in formats that have none
	Format    PrivateFormat // FormatPEM for PKCS#1 and SEC 1 only
	Encrypted bool          // with a passphrase
}

// opened is a private key file as its format's reader gives it.
type opened struct {
	signer    crypto.Signer
	comment   string
	encrypted bool
}

// ParsePrivateKey reads a private key file of at most 64 KiB in any of
// [PrivateFormats], and PEM with its own encryption (DEK-Info). RSA from 1024
// to 16384 bits, ECDSA on the NIST curves and Ed25519 are read, and only if
// the numbers fit together and every public half in the file is the key's own.
// Beside a PEM key there may be text and certificates.
//
// The passphrase does not count for a file without one. What a file may ask
// for to make a key of it is bounded: it takes a few seconds and 256 MiB at
// the worst.
//
// Every error is a [*PrivateError]; errors.Is finds [ErrPassphraseMissing] and
// [ErrPassphraseWrong].
func ParsePrivateKey(text, passphrase []byte) (PrivateFile, error) {
	if len(text) > maxPrivateText {
		return PrivateFile{}, refusePrivate(PrivateTooLong, len(text), maxPrivateText)
	}
	var (
		file   opened
		format PrivateFormat
		err    error
	)
	if bytes.HasPrefix(text, []byte("PuTTY-User-Key-File-")) {
		file, format, err = readPPK(text, passphrase)
	} else {
		file, format, err = readPEM(text, passphrase)
	}
	if err != nil {
		return PrivateFile{}, err
	}
	key, err := newPrivateKey(file.signer)
	if err != nil {
		// Every reader has checked what could fail here.
		return PrivateFile{}, refusePrivate(PrivateNumbers)
	}
	return PrivateFile{Key: key, Comment: cleanComment(file.comment), Format: format, Encrypted: file.encrypted}, nil
}

// The types of PEM blocks.
const (
	pemPKCS1     = "RSA PRIVATE KEY"
	pemSEC1      = "EC PRIVATE KEY"
	pemDSA       = "DSA PRIVATE KEY"
	pemOpenSSH   = "OPENSSH PRIVATE KEY"
	pemPKCS8     = "PRIVATE KEY"
	pemEncrypted = "ENCRYPTED PRIVATE KEY"
)

// pemReaders has the reader of each type of PEM block.
var pemReaders = map[string]struct {
	format PrivateFormat
	read   func(block *pem.Block, passphrase []byte) (opened, error)
}{
	pemPKCS1:     {FormatPEM, readTraditional(parsePKCS1)},
	pemSEC1:      {FormatPEM, readTraditional(parseSEC1File)},
	pemDSA:       {FormatPEM, func(*pem.Block, []byte) (opened, error) { return opened{}, refusePrivate(PrivateIsDSA) }},
	pemOpenSSH:   {FormatOpenSSH, readOpenSSH},
	pemPKCS8:     {FormatPKCS8, readPKCS8},
	pemEncrypted: {FormatPKCS8, readEncryptedPKCS8},
}

// readPEM reads the one private key among the PEM blocks of a text. openssl
// writes the name of the curve in a block before the key, and certificates
// often follow a key in one file.
func readPEM(text, passphrase []byte) (opened, PrivateFormat, error) {
	var found *pem.Block
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if found != nil {
			return opened{}, "", refusePrivate(PrivateSeveral)
		}
		found = block
	}
	if found == nil {
		return opened{}, "", refuseOther(string(text))
	}
	reader, known := pemReaders[found.Type]
	if !known {
		return opened{}, "", damagedPrivate(flawHeader)
	}
	file, err := reader.read(found, passphrase)
	return file, reader.format, err
}

// foreign are texts by which something is known that is no private key, or
// one in a format that is not read. The first that fits counts.
var foreign = []struct {
	mark    string
	refusal error
}{
	{"-----BEGIN PGP PRIVATE KEY BLOCK-----", refusePrivate(PrivateFormatOther, "OpenPGP", "gpg --export-ssh-key")},
	{"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", refusePrivate(PrivateFormatOther, "ssh.com", "puttygen -O private-openssh")},
	{"SSH PRIVATE KEY FILE FORMAT 1.", refusePrivate(PrivateType, "rsa1")},
	{"PRIVATE KEY-----", damagedPrivate(flawPEMBlock)},
	{"-----BEGIN CERTIFICATE-----", refusePrivate(PrivateIsCert)},
	{"-----BEGIN X509 CERTIFICATE-----", refusePrivate(PrivateIsCert)},
	{"-----BEGIN TRUSTED CERTIFICATE-----", refusePrivate(PrivateIsCert)},
	{"PUBLIC KEY-----", refusePrivate(PrivateIsPublic)},
	{"---- BEGIN SSH2 PUBLIC KEY ----", refusePrivate(PrivateIsPublic)},
}

// refuseOther says what a text is that holds no whole private key.
func refuseOther(text string) error {
	for _, f := range foreign {
		if strings.Contains(text, f.mark) {
			return f.refusal
		}
	}
	if word, _, more := strings.Cut(text, " "); more {
		switch f, known := formats[word]; {
		case known && f.plain != word:
			return refusePrivate(PrivateIsCert)
		case known:
			return refusePrivate(PrivateIsPublic)
		}
	}
	return refusePrivate(NotPrivateKey)
}

package cli

// The JSON field names in this file are documented in docs/keys.md.

// keyReport tells which key stands where. All commands on keys begin with it.
type keyReport struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"` // of a file with a key on each line
	Form string `json:"form"`
	// The key's own; empty for an X.509 certificate whose key SSH does not know.
	Type      string `json:"type,omitempty"`
	Algorithm string `json:"algorithm,omitempty"`
	Bits      int    `json:"bits,omitempty"`
	Comment   string `json:"comment,omitempty"`
	Options   string `json:"options,omitempty"` // those of a line of authorized_keys
	Private   bool   `json:"private"`
	Encrypted bool   `json:"encrypted"`
}

func report(e entry) keyReport {
	return keyReport{
		File: e.file, Line: e.line, Form: e.form,
		Type: e.key.Type(), Algorithm: string(e.key.Algorithm()), Bits: e.key.Bits(), Comment: e.key.Comment(),
		Options: e.options, Private: e.isPrivate, Encrypted: e.encrypted,
	}
}

// where is how messages name the key.
func (r keyReport) where() string { return entry{file: r.File, line: r.Line}.where() }

// fingerprint is one spelling of a key's.
type fingerprint struct {
	Name  string `json:"name"` // what shows it so: ssh-keygen's SHA256 and MD5, or a cloud
	Value string `json:"value"`
}

// fingerprintReport is what fingerprint prints of a key.
type fingerprintReport struct {
	keyReport
	Fingerprints []fingerprint `json:"fingerprints"`
}

// inspectReport is what inspect prints of a key.
type inspectReport struct {
	keyReport
	UsableBySSHD bool               `json:"usableBySshd"`
	Fingerprints []fingerprint      `json:"fingerprints"`
	Certificate  *certificateReport `json:"certificate,omitempty"`
	Randomart    string             `json:"randomart,omitempty"` // lines, as ssh-keygen -lv prints them
	Weaknesses   []weakness         `json:"weaknesses"`
}

// fingerprints are all spellings of a key's; of an X.509 certificate they are
// those of the whole.
func fingerprints(e entry) []fingerprint {
	spellings := e.key.Spellings()
	if e.isX509() {
		spellings = e.certificate.Spellings()
	}
	told := make([]fingerprint, 0, len(spellings))
	for _, s := range spellings {
		told = append(told, fingerprint{s.Shown, s.Text})
	}
	return told
}

package cli

import (
	"bytes"
	"encoding/asn1"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

var (
	isUTF16 = sshkey.Wording{
		English: "the file is in UTF-16, as PowerShell's > writes it; save it as UTF-8",
		Korean:  "PowerShell의 >로 저장한 것과 같은 UTF-16 파일입니다. UTF-8로 저장하십시오",
	}
	isDER = sshkey.Wording{
		English: "the file is binary (DER or PKCS#12); turn it into PEM first, such as with 'openssl pkey -inform DER', 'openssl x509 -inform DER' or 'openssl pkcs12'",
		Korean:  "바이너리(DER 또는 PKCS#12) 파일입니다. 'openssl pkey -inform DER', 'openssl x509 -inform DER', 'openssl pkcs12' 등으로 먼저 PEM으로 변환하십시오",
	}
)

// refuseBinary says what a file is whose bytes are no UTF-8 text but another
// form of a key.
func refuseBinary(content []byte) error {
	var value asn1.RawValue
	rest, err := asn1.Unmarshal(content, &value)
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")):
		return refuse(isUTF16)
	case err == nil && len(rest) == 0 && value.Tag == asn1.TagSequence && value.IsCompound:
		return refuse(isDER)
	}
	return nil
}

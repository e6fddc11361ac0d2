package sshkey

import (
	"strings"
	"testing"
)

const certPEM = `-----BEGIN CERTIFICATE-----
MIIBbjCCARWgAwIBAgIUX2qnbVbGEPlxLazQ+zvr4sNnju0wCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBYTAgFw0yNjExMjIwNTA2MDJaGA8yMTI2MTAyOTA1MDYwMlow
DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGxVGkJQ8o/v
DhvoOEkcs4itvf904R/4HqejIVLc2RAcSyOGm8L8JJ3eLtMoMDwlw43teoOBvhf2
Xeh3V8abPhujUzBRMB0GA1UdDgQWBBSgkAzRuF+C2fPDOMo9rq2bQo5RCDAfBgNV
HSMEGDAWgBSgkAzRuF+C2fPDOMo9rq2bQo5RCDAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0cAMEQCIG9q1G995VhmUtleip2y2Wg97X/Awg4AaveDC/F6+Ufr
AiB0pBe3Frk7D8p7J92wY8soKL2TdLk8oLBKM4LanZQcRg==
-----END CERTIFICATE-----
`

// bareOf returns a PEM text without its first and last line.
func bareOf(pem string) string {
	lines := strings.Split(strings.TrimSpace(pem), "\n")
	return strings.Join(lines[1:len(lines)-1], "\n")
}

// certRefusals are what is said where a certificate is wanted.
var certRefusals = []refusal{
	{"empty", "", NotCertificate,
		"this is not a PEM certificate; expected '-----BEGIN CERTIFICATE-----'",
		"PEM 인증서가 아닙니다. '-----BEGIN CERTIFICATE-----'로 시작해야 합니다"},
	{"words", "hello world", NotCertificate,
		"this is not a PEM certificate; expected '-----BEGIN CERTIFICATE-----'",
		"PEM 인증서가 아닙니다. '-----BEGIN CERTIFICATE-----'로 시작해야 합니다"},
	{"an SSH key", "\n" + ed25519Line, IsSSHKey,
		"this is an SSH public key; set type to ssh",
		"SSH 공개 키입니다. type을 ssh로 지정하십시오"},
	{"an SSH key after words", "my key:\n" + ed25519Line, IsSSHKey,
		"this is an SSH public key; set type to ssh",
		"SSH 공개 키입니다. type을 ssh로 지정하십시오"},
	{"a private key in the same file", certPEM + "-----BEGIN PRIVATE KEY-----\n", IsPrivateKey,
		"this is a private key; send the public key (.pub) only",
		"개인 키입니다. 공개 키(.pub)만 보내십시오"},
	{"a PuTTY file", "PuTTY-User-Key-File-3: ssh-rsa", IsPuTTY,
		"this is a PuTTY private key file; open it in PuTTYgen and send the text under 'Public key for pasting into OpenSSH authorized_keys file'",
		"PuTTY 개인 키 파일입니다. PuTTYgen에서 열어 'Public key for pasting into OpenSSH authorized_keys file' 아래의 텍스트를 보내십시오"},
	{"a certificate without armour", bareOf(certPEM), BareDER,
		"the lines '-----BEGIN CERTIFICATE-----' and '-----END CERTIFICATE-----' around the base64 are missing",
		"base64 앞뒤에 '-----BEGIN CERTIFICATE-----' 줄과 '-----END CERTIFICATE-----' 줄이 없습니다"},
	{"a certificate in one line", strings.ReplaceAll(bareOf(certPEM), "\n", ""), BareDER,
		"the lines '-----BEGIN CERTIFICATE-----' and '-----END CERTIFICATE-----' around the base64 are missing",
		"base64 앞뒤에 '-----BEGIN CERTIFICATE-----' 줄과 '-----END CERTIFICATE-----' 줄이 없습니다"},
	{"a request without armour", bareRequest, IsCertificateRequest,
		"this is a request for a certificate; send the certificate or the public key that belongs to it",
		"인증서 요청(CSR)입니다. 그에 해당하는 인증서나 공개 키를 보내십시오"},
	{"a request", "-----BEGIN NEW CERTIFICATE REQUEST-----\n" + bareRequest + "\n-----END NEW CERTIFICATE REQUEST-----\n", IsCertificateRequest,
		"this is a request for a certificate; send the certificate or the public key that belongs to it",
		"인증서 요청(CSR)입니다. 그에 해당하는 인증서나 공개 키를 보내십시오"},
	{"PKCS#7", "-----BEGIN PKCS7-----\nMII\n-----END PKCS7-----\n", IsPKCS7,
		"this is a PKCS#7 file; take the certificate out of it with 'openssl pkcs7 -print_certs'",
		"PKCS#7 파일입니다. 'openssl pkcs7 -print_certs'로 인증서를 꺼내십시오"},
	{"a file name", "client.crt", IsFileName,
		"this is the name of a file; send what the file holds (of an SSH key the .pub file)",
		"파일 이름입니다. 파일의 내용을 보내십시오(SSH 키는 .pub 파일)"},
	{"a URL", "http://example.com/ca.pem", IsURL,
		"this is a web address; send the key or certificate that is found there",
		"웹 주소입니다. 그 주소에 있는 키나 인증서를 보내십시오"},
	{"a command", "openssl x509 -in c.pem", IsCommand,
		"this is a command; run it yourself and send the public key or certificate that it shows or writes",
		"명령입니다. 직접 실행한 다음 출력되거나 저장된 공개 키나 인증서를 보내십시오"},
	{"HTML", "<html>", IsMarkup,
		"this is HTML or XML; send the text of the key or certificate only",
		"HTML 또는 XML입니다. 키나 인증서의 텍스트만 보내십시오"},
	{"JSON", `{"certificate": ""}`, IsJSON,
		"this is JSON; send only the value with the key or certificate, without quotation marks",
		"JSON입니다. 키나 인증서에 해당하는 값만 따옴표 없이 보내십시오"},
	{"bad base64", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", BadCertificate,
		"the certificate cannot be read: its PEM block is damaged",
		"인증서를 읽을 수 없습니다: PEM 블록이 손상되었습니다"},
	{"no certificate inside", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", BadCertificate,
		"the certificate cannot be read: malformed certificate",
		"인증서를 읽을 수 없습니다: 인증서의 DER 인코딩이 아닙니다"},
}

func TestCertificateRefusals(t *testing.T) {
	for _, r := range certRefusals {
		_, err := ParseCertificate(r.text)
		r.check(t, err)
	}
	if _, err := ParseCertificate(certPEM); err != nil {
		t.Errorf("the certificate of these cases: %v", err)
	}
}

package sshkey

import "encoding/binary"

// appendText appends a field of the type "string" (RFC 4251 section 5).
func appendText(blob []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(blob, uint32(len(text))), text...)
}

// appendNumber appends a number in its shortest form; number has no zeros in front.
func appendNumber(blob []byte, number string) []byte {
	if number == "" || number[0]&0x80 == 0 {
		return appendText(blob, number)
	}
	blob = binary.BigEndian.AppendUint32(blob, uint32(len(number)+1))
	return append(append(blob, 0), number...)
}

// wireText encodes a field of the type "string".
func wireText(text string) string {
	return string(appendText(make([]byte, 0, 4+len(text)), text))
}

package sshkey

import (
	"encoding/binary"
	"math/big"
)

// appendText appends a field of the type "string" (RFC 4251 section 5).
func appendText[T string | []byte](blob []byte, text T) []byte {
	return append(binary.BigEndian.AppendUint32(blob, uint32(len(text))), text...)
}

// appendNumber appends a field of the type "mpint", which is not negative, in
// its shortest form; number has no zeros in front.
func appendNumber[T string | []byte](blob []byte, number T) []byte {
	if len(number) == 0 || number[0]&0x80 == 0 {
		return appendText(blob, number)
	}
	blob = binary.BigEndian.AppendUint32(blob, uint32(len(number)+1))
	return append(append(blob, 0), number...)
}

// wireText encodes a field of the type "string".
func wireText(text string) string {
	return string(appendText(make([]byte, 0, 4+len(text)), text))
}

// wireNumbers encodes fields of the type "mpint", none of them negative.
func wireNumbers(numbers ...*big.Int) string {
	var all []byte
	for _, n := range numbers {
		all = appendNumber(all, n.Bytes())
	}
	return string(all)
}

// wireBlob returns the blob of a type word with its fields.
func wireBlob(word string, fields ...[]byte) string {
	blob := appendText(nil, word)
	for _, f := range fields {
		blob = appendText(blob, f)
	}
	return string(blob)
}

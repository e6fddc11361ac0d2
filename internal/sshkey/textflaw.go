package sshkey

// The flaws of a key's text, beside those of what it encodes: what people and
// programs do to base64 and to armour on the way. In English those of the
// base64 part end the sentence that begins "the base64 part is damaged: ".
var (
	flawCharIs      = Wording{"character %d of it, '%s', is not base64", "%d번째 문자 '%s'은(는) base64 문자가 아닙니다"}
	flawTab         = Wording{"character %d of it is a tab; write a space", "%d번째 문자가 탭입니다. 공백으로 바꾸십시오"}
	flawPadInside   = Wording{"character %d of it is =, which may stand only at its end", "%d번째 문자가 =입니다. =는 끝에만 올 수 있습니다"}
	flawTypographic = Wording{"character %d of it is %s, which is not ASCII; copy the key again as plain text",
		"%d번째 문자가 ASCII가 아닌 %s입니다. 키를 일반 텍스트로 다시 복사하십시오"}
	flawURLSafe = Wording{"character %d of it is of the URL-safe alphabet; write + instead of - and / instead of _",
		"%d번째 문자가 URL용 base64 문자입니다. - 대신 +, _ 대신 /를 쓰십시오"}
	flawPercent = Wording{"character %d of it begins a URL escape; send the key without URL encoding",
		"%d번째 문자부터 URL 인코딩되어 있습니다. URL 인코딩하지 않은 키를 보내십시오"}
	flawElided   = Wording{"a part of it is replaced by dots; send the whole key", "일부가 점으로 생략되어 있습니다. 키 전체를 보내십시오"}
	flawPlusLost = Wording{"a space stands in it where a + was; escape the + when the key goes into a URL or a form",
		"+가 있던 자리에 공백이 있습니다. 키를 URL이나 폼으로 보낼 때는 +를 이스케이프하십시오"}
	flawTypeTwice = Wording{"the key type stands there a second time", "그 자리에 키 형식이 한 번 더 적혀 있습니다"}
	flawNoBlank   = Wording{"the key ends at its character %d and the space before the comment is missing",
		"키가 %d번째 문자에서 끝나는데 설명 앞에 공백이 없습니다"}
	flawEscape = Wording{`a line end written as \n follows its character %d; remove it`,
		`%d번째 문자 뒤에 줄 바꿈이 \n이라는 글자로 적혀 있습니다. 지우십시오`}
	flawNotDER = Wording{"it is not the DER encoding of a public key", "공개 키의 DER 인코딩이 아닙니다"}
)

// The flaws of armour. In English each ends the sentence that begins "the
// armour around the key is damaged: ", in Korean each is a sentence.
var (
	flawNoEnd    = Wording{"the last line '%s' is missing", "마지막 줄 '%s'이(가) 없습니다"}
	flawAfterEnd = Wording{"text follows after the line '%s'", "'%s' 줄 뒤에 다른 텍스트가 있습니다"}
)

// flawMalformed is what crypto/x509 says in English when a certificate is no
// DER at all; what it says of others is passed on as it is.
var flawMalformed = Wording{"malformed certificate", "인증서의 DER 인코딩이 아닙니다"}

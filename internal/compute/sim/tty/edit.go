package tty

import (
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/keyreeve/keyreeve/internal/compute/sim/shell"
)

// keys are the control characters and what they do.
var keys = map[rune]func(*Terminal){
	'\r': (*Terminal).enter,
	'\n': (*Terminal).enter,
	0x03: (*Terminal).cancel, // ^C
	0x04: (*Terminal).end,    // ^D
	0x7f: (*Terminal).backspace,
	'\b': (*Terminal).backspace,
	0x01: func(t *Terminal) { t.move(0) },                                                  // ^A
	0x05: func(t *Terminal) { t.move(len(t.line)) },                                        // ^E
	0x02: func(t *Terminal) { t.move(t.pos - 1) },                                          // ^B
	0x06: func(t *Terminal) { t.move(t.pos + 1) },                                          // ^F
	0x0b: func(t *Terminal) { t.replace(t.line[:t.pos], t.pos) },                           // ^K
	0x15: func(t *Terminal) { t.replace(t.line[t.pos:], 0) },                               // ^U
	0x17: (*Terminal).killWord,                                                             // ^W
	0x10: func(t *Terminal) { t.recall(-1) },                                               // ^P
	0x0e: func(t *Terminal) { t.recall(+1) },                                               // ^N
	0x0c: func(t *Terminal) { t.show("\x1b[H\x1b[2J"); t.show(t.prompt); t.redrawFrom(0) }, // ^L
	0x1b: func(t *Terminal) { t.escape = []byte{0x1b} },
	'\t': func(t *Terminal) { t.show("\a") },
}

// sequences are the keys that send more than one character.
var sequences = map[string]func(*Terminal){
	"[A": func(t *Terminal) { t.recall(-1) }, "OA": func(t *Terminal) { t.recall(-1) },
	"[B": func(t *Terminal) { t.recall(+1) }, "OB": func(t *Terminal) { t.recall(+1) },
	"[C": func(t *Terminal) { t.move(t.pos + 1) }, "OC": func(t *Terminal) { t.move(t.pos + 1) },
	"[D": func(t *Terminal) { t.move(t.pos - 1) }, "OD": func(t *Terminal) { t.move(t.pos - 1) },
	"[H": func(t *Terminal) { t.move(0) }, "OH": func(t *Terminal) { t.move(0) }, "[1~": func(t *Terminal) { t.move(0) },
	"[F": func(t *Terminal) { t.move(len(t.line)) }, "OF": func(t *Terminal) { t.move(len(t.line)) }, "[4~": func(t *Terminal) { t.move(len(t.line)) },
	"[3~": func(t *Terminal) {
		if t.pos < len(t.line) {
			t.replace(slices.Delete(slices.Clone(t.line), t.pos, t.pos+1), t.pos)
		}
	},
}

// key handles one character that was typed.
func (t *Terminal) key(r rune) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.escape) > 0 {
		t.sequence(r)
		return
	}
	if f := keys[r]; f != nil {
		f(t)
		return
	}
	if !unicode.IsPrint(r) {
		return
	}
	if len(t.line) >= maxLine {
		t.show("\a")
		return
	}
	t.line = slices.Insert(t.line, t.pos, r)
	t.pos++
	t.show(string(r))
	t.tail()
}

func (t *Terminal) sequence(r rune) {
	t.escape = append(t.escape, byte(r))
	seq := string(t.escape[1:])
	switch {
	case seq == "[" || seq == "O":
	case len(seq) > 8, r >= 0x40 && r <= 0x7e, seq[0] != '[' && seq[0] != 'O':
		t.escape = nil
		if f := sequences[seq]; f != nil {
			f(t)
		}
	}
}

// push hands a line or an event to whoever reads; with nobody reading for long it is lost.
func (t *Terminal) push(e event) {
	select {
	case t.events <- e:
	default:
		t.show("\a")
	}
}

func (t *Terminal) enter() {
	t.show("\r\n")
	text := string(t.line)
	t.line, t.pos = nil, 0
	t.push(event{text: text})
}

func (t *Terminal) cancel() {
	t.show("^C\r\n")
	t.line, t.pos = nil, 0
	if t.reading {
		t.push(event{err: shell.ErrInterrupt})
		return
	}
	if t.interrupt != nil {
		// What was typed ahead is dropped, as terminals do at INTR.
		t.flush()
		t.wake()
		t.interrupt()
	}
}

func (t *Terminal) flush() {
	for {
		select {
		case <-t.events:
		default:
			return
		}
	}
}

func (t *Terminal) end() {
	if len(t.line) == 0 {
		t.push(event{err: io.EOF})
	}
}

func (t *Terminal) backspace() {
	if t.pos == 0 {
		return
	}
	t.replace(slices.Delete(slices.Clone(t.line), t.pos-1, t.pos), t.pos-1)
}

func (t *Terminal) killWord() {
	from := t.pos
	for from > 0 && t.line[from-1] == ' ' {
		from--
	}
	for from > 0 && t.line[from-1] != ' ' {
		from--
	}
	t.replace(slices.Delete(slices.Clone(t.line), from, t.pos), from)
}

// recall goes through what was typed before.
func (t *Terminal) recall(step int) {
	to := t.at + step
	if !t.reading || to < 0 || to > len(t.history) {
		return
	}
	if t.at == len(t.history) {
		t.draft = t.line
	}
	t.at = to
	line := t.draft
	if to < len(t.history) {
		line = []rune(t.history[to])
	}
	t.replace(line, len(line))
}

// move puts the cursor elsewhere in the line.
func (t *Terminal) move(to int) {
	if to < 0 || to > len(t.line) {
		return
	}
	if to < t.pos {
		t.show(strings.Repeat("\b", width(t.line[to:t.pos])))
	} else {
		t.show(string(t.line[t.pos:to]))
	}
	t.pos = to
}

// replace shows another line in place of this one.
func (t *Terminal) replace(line []rune, pos int) {
	t.show(strings.Repeat("\b", width(t.line[:t.pos])))
	t.line, t.pos = slices.Clone(line), pos
	t.redrawFrom(0)
}

func (t *Terminal) redrawFrom(from int) {
	t.show(string(t.line[from:]) + "\x1b[J" + strings.Repeat("\b", width(t.line[t.pos:])))
}

// tail shows what is right of the cursor again.
func (t *Terminal) tail() {
	if t.pos < len(t.line) {
		t.show(string(t.line[t.pos:]) + strings.Repeat("\b", width(t.line[t.pos:])))
	}
}

// wide are the ranges of characters that take two columns: Hangul, Kana, Han,
// full-width forms and emoji (Unicode Standard Annex #11).
var wide = [][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
}

// width is how many columns the text takes.
func width(text []rune) int {
	n := 0
	for _, r := range text {
		n++
		for _, w := range wide {
			if w[0] <= r && r <= w[1] {
				n++
				break
			}
		}
	}
	return n
}

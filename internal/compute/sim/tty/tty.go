// Package tty is the terminal that a person at a simulated guest types into:
// a small line editor with history, and the line discipline for what runs.
package tty

import (
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/compute/sim/shell"
)

// Bounds of what is kept for one terminal.
const (
	maxLine    = 4096 // characters being typed
	maxAhead   = 256  // lines typed before anybody reads them
	maxHistory = 200
)

// Terminal connects a shell with what is at the other end of a pty. It
// implements [shell.Terminal].
type Terminal struct {
	out io.Writer

	mu         sync.Mutex
	cols, rows int
	prompt     string
	line       []rune
	pos        int // of the cursor in line
	history    []string
	at         int // in history; len(history) is the line being typed
	draft      []rune
	escape     []byte // an escape sequence under way
	interrupt  func() // what control-C calls while a command runs
	woken      chan struct{}
	reading    bool // a prompt is shown
	gone       chan struct{}
	hangUp     func() // closes gone

	events chan event

	readMu sync.Mutex
	rest   []byte // of the line that Read is handing out
}

type event struct {
	text string
	err  error
}

// New makes a terminal that shows its text on out. Columns and rows of 0 mean 80 by 24.
func New(out io.Writer, cols, rows int) *Terminal {
	t := &Terminal{out: out, events: make(chan event, maxAhead), woken: make(chan struct{}), gone: make(chan struct{})}
	t.hangUp = sync.OnceFunc(func() { close(t.gone) })
	t.Resize(cols, rows)
	return t
}

// Resize sets the size of the window.
func (t *Terminal) Resize(cols, rows int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cols, t.rows = cols, rows
	if cols <= 0 || cols > 1000 {
		t.cols = 80
	}
	if rows <= 0 || rows > 1000 {
		t.rows = 24
	}
}

// Size returns columns and rows.
func (t *Terminal) Size() (int, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cols, t.rows
}

// Feed takes what is typed from in until it ends. It runs in a goroutine of its own.
func (t *Terminal) Feed(in io.Reader) {
	defer close(t.events)
	buf := make([]byte, 1024)
	var pending []byte
	for {
		n, err := in.Read(buf)
		pending = append(pending, buf[:n]...)
		for len(pending) > 0 && utf8.FullRune(pending) {
			r, size := utf8.DecodeRune(pending)
			if r == utf8.RuneError && size == 1 {
				r = rune(pending[0])
			}
			pending = pending[size:]
			t.key(r)
		}
		if err != nil {
			return
		}
	}
}

// Write shows text; newlines become what a terminal needs.
func (t *Terminal) Write(p []byte) (int, error) {
	text := strings.ReplaceAll(string(p), "\n", "\r\n")
	if _, err := io.WriteString(t.out, text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// show echoes. Where the other end has gone, reading tells.
func (t *Terminal) show(s string) { _, _ = io.WriteString(t.out, s) }

// ReadLine shows the prompt and returns the next line.
func (t *Terminal) ReadLine(prompt string) (string, error) {
	t.mu.Lock()
	t.prompt, t.reading = prompt, true
	t.at = len(t.history)
	t.readMu.Lock()
	t.rest = nil
	t.readMu.Unlock()
	t.show(prompt + string(t.line))
	t.mu.Unlock()

	var e event
	ok := false
	select {
	case e, ok = <-t.events:
	case <-t.gone:
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	t.reading = false
	if !ok {
		return "", io.EOF
	}
	if e.err == nil && strings.TrimSpace(e.text) != "" {
		if n := len(t.history); n == 0 || t.history[n-1] != e.text {
			t.history = append(t.history, e.text)
		}
		if len(t.history) > maxHistory {
			t.history = t.history[1:]
		}
	}
	return e.text, e.err
}

// Read gives a running command the lines that are typed.
func (t *Terminal) Read(p []byte) (int, error) {
	t.mu.Lock()
	woken := t.woken
	t.mu.Unlock()
	t.readMu.Lock()
	defer t.readMu.Unlock()
	if len(t.rest) == 0 {
		select {
		case <-woken:
			return 0, io.EOF
		case <-t.gone:
			return 0, io.EOF
		case e, ok := <-t.events:
			if !ok || e.err != nil {
				return 0, io.EOF
			}
			t.rest = []byte(e.text + "\n")
		}
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// CloseRead ends the reading of the command that runs, until the next one. The
// shell asks for it of whatever its input is.
func (t *Terminal) CloseRead() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wake()
}

// HangUp ends all reading for good.
func (t *Terminal) HangUp() { t.hangUp() }

func (t *Terminal) wake() {
	select {
	case <-t.woken:
	default:
		close(t.woken)
	}
}

// Foreground sets what control-C calls until restore is called.
func (t *Terminal) Foreground(interrupt func()) (restore func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.interrupt
	t.foreground(interrupt)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.foreground(before)
	}
}

// foreground hands the keyboard to whoever is interrupted next: it may read,
// even if the one before was told to stop reading.
func (t *Terminal) foreground(interrupt func()) {
	t.interrupt = interrupt
	select {
	case <-t.woken:
		t.woken = make(chan struct{})
	default:
	}
}

var _ shell.Terminal = (*Terminal)(nil)

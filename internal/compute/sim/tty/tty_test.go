package tty

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute/sim/shell"
)

type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// What is typed, edits included, becomes this line.
func TestEditing(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"echo hi\r", "echo hi"},
		{"ab\x7fc\r", "ac"},
		{"one two\x17three\r", "one three"},
		{"junk\x15clean\r", "clean"},
		{"bc\x01a\x05d\r", "abcd"},
		{"ac\x1b[Db\r", "abc"},
		{"abX\x1b[D\x1b[3~c\r", "abc"},
		{"abcd\x1b[D\x1b[D\x0b\r", "ab"},
		{"\x7f\x7f\x17ok\r", "ok"},
		{"한국어\x7f\r", "한국"},
		{"a\x1b[999zb\x1bOCc\r", "abc"},
		{"tab\t\r", "tab"},
		{"\xff\xfex\r", "ÿþx"},
		{"nl\n", "nl"},
	} {
		term := New(&screen{}, 80, 24)
		go term.Feed(bytes.NewReader([]byte(c.typed)))
		if got, err := term.ReadLine("$ "); got != c.want || err != nil {
			t.Errorf("%q: got %q, %v; want %q", c.typed, got, err, c.want)
		}
		if _, err := term.ReadLine("$ "); !errors.Is(err, io.EOF) {
			t.Errorf("%q: at the end: %v", c.typed, err)
		}
	}
}

func TestHistoryInterruptAndEnd(t *testing.T) {
	r, w := io.Pipe()
	term := New(&screen{}, 0, 0)
	go term.Feed(r)
	for _, c := range []struct {
		typed, want string
		err         error
	}{
		{"first\r", "first", nil},
		{"second\r", "second", nil},
		{"\x1b[A\x1b[A\r", "first", nil},
		{"draft\x10\x0e!\r", "draft!", nil},
		{"half\x03", "", shell.ErrInterrupt},
		{"\x04", "", io.EOF},
	} {
		done := make(chan event)
		ready := make(chan struct{})
		go func() {
			close(ready)
			line, err := term.ReadLine("$ ")
			done <- event{line, err}
		}()
		<-ready
		for { // the prompt is shown
			term.mu.Lock()
			reading := term.reading
			term.mu.Unlock()
			if reading {
				break
			}
		}
		io.WriteString(w, c.typed)
		if e := <-done; e.text != c.want || !errors.Is(e.err, c.err) {
			t.Errorf("%q: got %q, %v", c.typed, e.text, e.err)
		}
	}
}

// Control-C ends a command that waits for input.
func TestInterruptWakesReader(t *testing.T) {
	r, w := io.Pipe()
	term := New(&screen{}, 80, 24)
	go term.Feed(r)
	called := make(chan struct{})
	restore := term.Foreground(func() { close(called) })
	go io.WriteString(w, "typed\r")
	buf := make([]byte, 100)
	n, err := term.Read(buf)
	if string(buf[:n]) != "typed\n" || err != nil {
		t.Fatalf("got %q, %v", buf[:n], err)
	}
	go io.WriteString(w, "half\x03")
	if n, err := term.Read(buf); n != 0 || !errors.Is(err, io.EOF) {
		t.Fatalf("got %q, %v", buf[:n], err)
	}
	<-called
	// The next reader is not told to stop, nor is the one before interrupted again.
	restore()
	go io.WriteString(w, "\x03next\r")
	if n, err := term.Read(buf); string(buf[:n]) != "next\n" || err != nil {
		t.Fatalf("after restore: got %q, %v", buf[:n], err)
	}
}

func FuzzFeed(f *testing.F) {
	f.Add([]byte("echo\x1b[D\x1b[A\x7f\x17\x15\x0b\x03\x04\x0c한\r"))
	f.Fuzz(func(t *testing.T, typed []byte) {
		term := New(&screen{}, 80, 24)
		go term.Feed(bytes.NewReader(typed))
		for {
			if _, err := term.ReadLine("$ "); err == io.EOF {
				break
			}
		}
	})
}

package shell

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// command is one of the guest's programs or of the shell's own commands.
type command struct {
	run func(*call) int
	// where it is: in the shell, as a file in /usr/bin, or both.
	where place
	help  string
}

type place uint8

const (
	inBin   place = 1
	inShell place = 2
	both    place = inBin | inShell
)

func (c command) inShell() bool { return c.where&inShell != 0 }

// call is one command being run. What it writes goes to standard output.
type call struct {
	*proc
	args []string // args[0] is the command's name
	ctl  error    // how control leaves, for exit, return, break and continue
}

// abort ends a command from within: nobody reads what it writes, a limit is
// reached. It is a panic value, so that commands need not check every write.
type abort struct {
	err    error // a *killed, or nil
	status int
}

func (p *proc) invoke(c command, args []string) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case abort:
			p.status, err = r.status, r.err
		default:
			panic(r)
		}
	}()
	run := &call{proc: p, args: args}
	status := c.run(run)
	if run.ctl == nil || !errors.As(run.ctl, &exiting{}) && !errors.As(run.ctl, &returning{}) {
		p.status = status
	}
	return run.ctl
}

// Write writes to standard output. It has no failure to return: the command
// ends when writing is not possible.
func (c *call) Write(b []byte) (int, error) {
	c.writeTo(c.fd[1].w, b)
	return len(b), nil
}

func (c *call) writeTo(w io.Writer, b []byte) {
	if err := c.ctx.Err(); err != nil {
		c.check(c.alive())
	}
	c.check(c.meter.wrote(len(b)))
	if w == nil {
		c.fail("write error: Bad file descriptor")
		panic(abort{status: 1})
	}
	_, err := w.Write(b)
	switch {
	case err == nil:
	case isKilled(err):
		panic(abort{err: err, status: 137})
	case errors.Is(err, io.ErrClosedPipe), errors.Is(err, io.EOF):
		panic(abort{status: 141}) // as of SIGPIPE
	default:
		c.fail("write error: %v", err)
		panic(abort{status: 1})
	}
}

// check ends the command when the command line is being killed.
func (c *call) check(err error) {
	if err != nil {
		panic(abort{err: err, status: 137})
	}
}

// tick counts steps of the command's own work.
func (c *call) tick(n int64) { c.check(c.spend(n)) }

func (c *call) printf(format string, args ...any) { c.print(fmt.Sprintf(format, args...)) }

func (c *call) print(s string) { c.writeTo(c.fd[1].w, []byte(s)) }

// fail writes a message to standard error and returns 1.
func (c *call) fail(format string, args ...any) int {
	c.complain(c.args[0] + ": " + fmt.Sprintf(format, args...) + "\n")
	return 1
}

// usage is fail for wrong arguments; it returns 2.
func (c *call) usage(format string, args ...any) int {
	c.fail(format, args...)
	return 2
}

// Read reads standard input.
func (c *call) Read(b []byte) (int, error) {
	if c.fd[0].r == nil {
		return 0, io.EOF
	}
	n, err := c.fd[0].r.Read(b)
	c.tick(1 + int64(n)>>10)
	if isKilled(err) {
		panic(abort{err: err, status: 137})
	}
	return n, err
}

// input opens a file for reading; "-" is standard input. A failure is told and
// gives nil.
func (c *call) input(name string) io.ReadCloser {
	if name == "-" {
		return io.NopCloser(c)
	}
	s, closer, err := c.open(name, os.O_RDONLY)
	if err != nil {
		c.fail("%s: %v", name, err)
		return nil
	}
	if closer == nil {
		closer = io.NopCloser(nil)
	}
	return &metered{c, s.r, closer}
}

type metered struct {
	c *call
	r io.Reader
	io.Closer
}

func (m *metered) Read(b []byte) (int, error) {
	if m.r == nil {
		return 0, io.EOF
	}
	n, err := m.r.Read(b)
	m.c.tick(1 + int64(n)>>10)
	return n, err
}

// inputs calls f with each file in turn, or with standard input when there are
// none. It returns 1 when one could not be opened.
func (c *call) inputs(names []string, f func(name string, r io.Reader)) int {
	if len(names) == 0 {
		names = []string{"-"}
	}
	status := 0
	for _, name := range names {
		r := c.input(name)
		if r == nil {
			status = 1
			continue
		}
		func() {
			defer r.Close()
			f(name, r)
		}()
	}
	return status
}

// lines calls f with each line, without its newline, until f returns false.
func (c *call) lines(r io.Reader, f func(line string) bool) {
	in := bufio.NewReaderSize(r, 4096)
	var line strings.Builder
	for {
		part, err := in.ReadSlice('\n')
		if line.Len()+len(part) > c.meter.limits.Value {
			c.fail("line is longer than %d bytes", c.meter.limits.Value)
			panic(abort{status: 2})
		}
		line.Write(part)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && line.Len() == 0 {
			return
		}
		c.tick(1)
		text := strings.TrimSuffix(line.String(), "\n")
		line.Reset()
		if !f(text) || err != nil {
			return
		}
	}
}

// all reads everything, up to what a process may hold.
func (c *call) all(r io.Reader) string {
	text, err := io.ReadAll(io.LimitReader(r, int64(c.meter.limits.Memory)+1))
	if err != nil && !errors.Is(err, io.EOF) {
		c.fail("read error: %v", err)
	}
	if len(text) > c.meter.limits.Memory {
		c.fail("input is longer than %d bytes", c.meter.limits.Memory)
		panic(abort{status: 2})
	}
	return string(text)
}

// options are a command's parsed arguments.
type options struct {
	set  map[byte]string
	rest []string
}

func (o options) has(flag byte) bool { _, ok := o.set[flag]; return ok }

// getopt parses options: spec lists their letters, one followed by a colon
// takes a value. long gives letters for long names. When something is wrong it
// says so, and ok is false.
func (c *call) getopt(spec string, long map[string]byte) (o options, ok bool) {
	o.set = map[byte]string{}
	args := c.args[1:]
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			o.rest = append(o.rest, args[i+1:]...)
			return o, true
		case strings.HasPrefix(a, "--"):
			name, value, _ := strings.Cut(a[2:], "=")
			letter, known := long[name]
			if !known {
				c.fail("unrecognized option '%s'", a)
				return o, false
			}
			o.set[letter] = value
		case len(a) > 1 && a[0] == '-':
			for j := 1; j < len(a); j++ {
				at := strings.IndexByte(spec, a[j])
				if at < 0 || a[j] == ':' {
					c.fail("invalid option -- '%c'", a[j])
					return o, false
				}
				if at+1 == len(spec) || spec[at+1] != ':' {
					o.set[a[j]] = ""
					continue
				}
				value := a[j+1:]
				if value == "" {
					if i++; i >= len(args) {
						c.fail("option requires an argument -- '%c'", a[j])
						return o, false
					}
					value = args[i]
				}
				o.set[a[j]] = value
				break
			}
		default:
			o.rest = append(o.rest, a)
		}
	}
	return o, true
}

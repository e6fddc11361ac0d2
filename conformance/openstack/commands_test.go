package openstack

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// chapter is a list of commands that one person types, one after the other.
// Chapters run side by side: each has names of its own for what it makes.
type chapter struct {
	name  string
	who   func(*cloud) harness.Account
	lines []line
}

// line is one command of the OpenStack client: what is typed after `openstack`,
// the exit status, and what has to be in the output.
//
// In typed 'some words' are one argument. In typed and says, {name} is what an
// earlier line kept. In says any run of
// white space counts as one space, so that tables can be written without their
// layout; … stands for any text in one line of the output, and a leading ! for
// text that must not be there.
type line struct {
	typed string
	exit  int
	says  []string
	keep  string // the name for what the command printed
	until bool   // typed again until it says so
}

// does is a command that succeeds.
func does(typed string, says ...string) line { return line{typed: typed, says: says} }

// fails is a command that ends with exit status 1.
func fails(typed string, says ...string) line { return line{typed: typed, exit: 1, says: says} }

// keeps is a command that succeeds and whose output later lines know by a name.
func keeps(name, typed string) line { return line{typed: typed, keep: name} }

// becomes is a command that will say so before long.
func becomes(typed string, says ...string) line { return line{typed: typed, says: says, until: true} }

func member(c *cloud) harness.Account        { return c.walker }
func builder(c *cloud) harness.Account       { return c.builder }
func administrator(c *cloud) harness.Account { return c.Root }

// commands types every chapter.
func commands(t *testing.T, cloud *cloud) {
	for _, chapter := range slices.Concat(chapters, identityChapters, networkChapters, volumeChapters, imageChapters, absentChapters) {
		t.Run(chapter.name, func(t *testing.T) {
			t.Parallel()
			c := cloud.client(t, chapter.who(cloud))
			c.newKey("id", "-t", "ed25519")
			c.file("empty.json", "{}")
			kept := map[string]string{}
			for _, l := range chapter.lines {
				typed := fill(l.typed, kept)
				deadline := time.Now().Add(30 * time.Second)
				o := c.run(words(typed)...)
				wrong := l.check(o, kept)
				for ; wrong != "" && l.until && time.Now().Before(deadline); wrong = l.check(o, kept) {
					o = c.run(words(typed)...)
				}
				if wrong != "" {
					t.Errorf("openstack %s: %s\n%s", typed, wrong, privateKey.ReplaceAllString(o.Stdout+o.Stderr, "(a private key)"))
				}
				if l.keep != "" {
					kept[l.keep] = strings.TrimSpace(o.Stdout)
				}
			}
		})
	}
}

var (
	privateKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----`)
	word       = regexp.MustCompile(`'[^']*'|\S+`)
	spaces     = regexp.MustCompile(`[ \t]+`)
)

// check says what is wrong with the outcome of a command, if anything is.
func (l line) check(o harness.Outcome, kept map[string]string) string {
	if o.Exit != l.exit {
		return fmt.Sprintf("exit status %d, want %d", o.Exit, l.exit)
	}
	output := spaces.ReplaceAllString(o.Stdout+"\n"+o.Stderr, " ")
	for _, want := range l.says {
		want = fill(want, kept)
		text, not := strings.CutPrefix(want, "!")
		pattern := strings.ReplaceAll(regexp.QuoteMeta(text), "…", ".*")
		if regexp.MustCompile(pattern).MatchString(output) == not {
			return "it does not say " + want
		}
	}
	return ""
}

// words are the words of a line; 'some words' in quotes are one.
func words(typed string) (out []string) {
	for _, w := range word.FindAllString(typed, -1) {
		out = append(out, strings.Trim(w, "'"))
	}
	return out
}

// fill puts what was kept in the place of its names.
func fill(text string, kept map[string]string) string {
	for name, value := range kept {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

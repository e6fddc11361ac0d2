package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	guideLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	guideHeading = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	halfMerged   = regexp.MustCompile(`(?m)^(<{7}|={7}|>{7})( |$)`)
)

// TestGuides holds the guides to what nobody sees in a diff: a merge that was
// not finished, and links to a page or heading that is not there.
func TestGuides(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	if len(pages) < 10 {
		t.Fatalf("only %d pages: %v", len(pages), pages)
	}
	for _, page := range pages {
		text := readGuide(t, page)
		if at := halfMerged.FindString(text); at != "" {
			t.Errorf("%s: a merge left %q behind", page, strings.TrimSpace(at))
		}
		for _, m := range guideLink.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: (%s): %v", page, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(readGuide(t, target)), anchor) {
				t.Errorf("%s: (%s): no such heading", page, m[1])
			}
		}
	}
}

func readGuide(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// anchors are what links to the headings of a page end in, as on GitHub.
func anchors(text string) (all []string) {
	for _, m := range guideHeading.FindAllStringSubmatch(text, -1) {
		plain := notInAnchors.ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(plain, " ", "-"))
	}
	return all
}

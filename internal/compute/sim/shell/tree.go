package shell

import (
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// maxTree bounds how deep commands go down a tree.
const maxTree = 500

// tree calls f for each name and, when recursive, for everything below it. What
// fails is told, with what as the format of its name, and the rest goes on. The
// exit status is returned.
func (c *call) tree(names []string, recursive bool, what string, f func(name string, i disk.Info) error) int {
	t := &treeWalk{c: c, recursive: recursive, what: what, f: f}
	for _, name := range names {
		t.visit(name, 0)
	}
	return t.status
}

type treeWalk struct {
	c         *call
	recursive bool
	what      string
	f         func(string, disk.Info) error
	status    int
}

func (t *treeWalk) visit(name string, deep int) {
	v := t.c.view
	t.c.tick(1)
	stat := v.Stat
	if deep > 0 {
		stat = v.Lstat // links are followed where they are named, not on the way down
	}
	i, err := stat(name)
	if err == nil {
		err = t.f(name, i)
	}
	if t.failed(name, err) || !t.recursive || !i.IsDir() || deep > maxTree {
		return
	}
	list, err := v.ReadDir(name)
	if t.failed(name, err) {
		return
	}
	for _, e := range list {
		t.visit(strings.TrimSuffix(name, "/")+"/"+e.Name, deep+1)
	}
}

func (t *treeWalk) failed(name string, err error) bool {
	if err != nil {
		t.status = t.c.fail(t.what+": %v", name, err)
	}
	return err != nil
}

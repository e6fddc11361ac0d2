package disk

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

const killDir = "KEYREEVE_TEST_KILLED_DISK"

// TestMain lets the test program play the part of the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		writeUntilKilled(dir)
		return
	}
	os.Exit(m.Run())
}

// writeUntilKilled replaces a file again and again and says what it wrote.
func writeUntilKilled(dir string) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	d, err := Open(root, "disk", Limits{Bytes: 1 << 20, Files: 100, Open: 10}, time.Now)
	if err != nil {
		panic(err)
	}
	v := View{Disk: d, Cwd: "/"}
	first := 0
	if text, err := v.ReadFile("/counter", 100); err == nil {
		first, _ = strconv.Atoi(string(text))
	}
	filler := make([]byte, 20_000) // the log is rewritten every now and then
	for i := first + 1; ; i++ {
		if err := v.WriteFile("/new", []byte(strconv.Itoa(i)), 0o600); err != nil {
			panic(err)
		}
		if err := v.Rename("/new", "/counter"); err != nil {
			panic(err)
		}
		if err := v.WriteFile("/filler", filler, 0o600); err != nil {
			panic(err)
		}
		fmt.Println(i)
	}
}

// What a finished call wrote is there after kill -9, at whatever moment.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	acknowledged := 0
	for round := range 15 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		time.AfterFunc(time.Duration(20+round*7)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				acknowledged = n
			}
		}
		_ = cmd.Wait() // it was killed, or ended just before
		d := open(t, dir, Limits{Bytes: 1 << 20, Files: 100, Open: 10})
		if acknowledged == 0 {
			d.Close()
			continue
		}
		text, err := rootView(d).ReadFile("/counter", 100)
		must(t, err)
		if got, _ := strconv.Atoi(string(text)); got < acknowledged || got > acknowledged+1 {
			t.Fatalf("round %d: the disk has %d, acknowledged was %d", round, got, acknowledged)
		}
		must(t, d.Close())
	}
	if acknowledged < 100 {
		t.Fatalf("only %d writes: nothing was tried", acknowledged)
	}
}

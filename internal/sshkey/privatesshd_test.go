package sshkey

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"sync"
	"testing"
)

// sshdPath is Debian's; sshd must be started by its whole path.
const sshdPath = "/usr/sbin/sshd"

// sshd is OpenSSH's server on a loopback address, for the user who runs the
// test, with files of its own in a temporary folder.
type sshd struct {
	host, port string
	user       string
	knownHosts string
	hostKey    PublicKey
	log        *syncBuffer
}

// syncBuffer takes the log of several servers.
type syncBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// startSSHD lets in whom the lines of authorized_keys say. The listener is the test's
// own, and each connection gets an sshd, as inetd would start it: so no port
// has to be guessed.
func startSSHD(t *testing.T, lines ...string) sshd {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// Where a root's sshd locks its unprivileged half in; made at boot where
		// sshd is a service.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b := newBench(t)
	hostKey := made(t, SpecEd25519)
	config := b.write("sshd_config", strings.Join([]string{
		"HostKey " + b.write("host_key", hostKey.Text()),
		"AuthorizedKeysFile " + b.write("authorized_keys", strings.Join(lines, "\n")+"\n"),
		"AuthenticationMethods publickey",
		"PermitRootLogin prohibit-password",
		"UsePAM no",
		"StrictModes no",
		"PidFile none",
		"LogLevel VERBOSE",
		"KexAlgorithms curve25519-sha256", // ssh's default costs 80 ms of a processor
		"",
	}, "\n"))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := sshd{user: me.Username, hostKey: hostKey.Public(""), log: &syncBuffer{}}
	s.host, s.port, _ = net.SplitHostPort(listener.Addr().String())
	s.knownHosts = b.write("known_hosts", fmt.Sprintf("[%s]:%s %s\n", s.host, s.port, s.hostKey))
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			running.Go(func() { s.serve(conn.(*net.TCPConn), config) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
		if t.Failed() {
			t.Log(s.log)
		}
	})
	return s
}

func (s sshd) serve(conn *net.TCPConn, config string) {
	file, err := conn.File()
	_ = conn.Close() // file is the same connection
	if err != nil {
		fmt.Fprintln(s.log, err)
		return
	}
	defer func() { _ = file.Close() }()
	cmd := exec.Command(sshdPath, "-i", "-e", "-f", config)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = file, file, s.log
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(s.log, err)
	}
}

// login runs a command on the server with the key in a file, and returns what
// ssh and the command say.
func (s sshd) login(keyFile string) (string, error) {
	cmd := exec.Command("ssh", "-F", "/dev/null", "-i", keyFile, "-p", s.port, "-l", s.user,
		"-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
		"-o", "UserKnownHostsFile="+s.knownHosts, "-o", "GlobalKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=yes",
		s.host, "echo let in")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Each key that is made here logs in to a real sshd, with the real ssh and
// with PuTTY's plink, and no other key does.
func TestLogin(t *testing.T) {
	t.Parallel()
	var authorized []string
	for _, spec := range Specs() {
		authorized = append(authorized, made(t, spec).Public("made here").LoginLine())
	}
	s := startSSHD(t, authorized...)

	t.Run("stranger", func(t *testing.T) {
		stranger, err := Generate(SpecECDSA256)
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.login(newBench(t).write("key", stranger.Text()))
		if err == nil || !strings.Contains(out, "Permission denied (publickey)") {
			t.Errorf("a stranger gets %q, %v", out, err)
		}
	})
	for _, spec := range Specs() {
		t.Run(string(spec), func(t *testing.T) {
			t.Parallel() // ssh and sshd mostly wait for each other
			b := newBench(t)
			for _, format := range []PrivateFormat{FormatPEM, FormatOpenSSH} {
				out, err := s.login(b.write(string(format), string(encoded(t, made(t, spec), format, "c", ""))))
				if err != nil || out != "let in\n" {
					t.Errorf("%s: %q, %v", format, out, err)
				}
			}
			cmd := exec.Command("plink", "-batch", "-ssh", "-noagent", "-P", s.port, "-l", s.user,
				"-i", b.write("ppk", string(encoded(t, made(t, spec), FormatPPK, "c", ""))),
				"-hostkey", s.hostKey.FingerprintSHA256(), s.host, "echo let in")
			cmd.Env = append(os.Environ(), "PUTTYDIR="+b.path("putty")) // not the user's sessions
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if out, err := cmd.Output(); err != nil || string(out) != "let in\n" {
				t.Errorf("plink: %q, %v\n%s", out, err, &stderr)
			}
		})
	}
}

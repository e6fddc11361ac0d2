// Package crash ends the server at the worst of times, by SIGKILL and by
// SIGTERM, and holds it to what it had acknowledged.
package crash

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// kills is how often the server dies in TestKill.
const kills = 50

// roomy lifts the quotas out of the way.
var roomy = []string{
	"KEYREEVE_KEYPAIR_QUOTA=100000",
	"KEYREEVE_COMPUTE_QUOTA_INSTANCES=200",
	"KEYREEVE_COMPUTE_QUOTA_CORES=200",
	"KEYREEVE_COMPUTE_QUOTA_RAM_MIB=200000",
}

// TestKill kills the server at random moments while several clients make,
// import and delete key pairs and servers; some kills hit it while it starts.
// After each restart every acknowledged change must be there, whole, once, and
// nothing may stay half done. The first token is used to the end.
func TestKill(t *testing.T) {
	random := seeded(t)
	s := harness.Start(t, roomy...)
	session := s.Login(s.Demo)
	book := newLedger(session)
	book.makeKeyOfServers(t)
	var slowest, total time.Duration
	for round := range kills {
		var clients sync.WaitGroup
		stop := make(chan struct{})
		for worker := range 3 {
			clients.Go(func() { book.keepKeyPairs(t.Context(), stop, fmt.Sprintf("r%02d-w%d", round, worker)) })
		}
		clients.Go(func() { book.keepServers(t.Context(), stop, fmt.Sprintf("r%02d", round)) })
		clients.Go(func() { book.contest(t.Context(), fmt.Sprintf("contested-%02d", round)) })
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		s.Kill()
		close(stop)
		clients.Wait()
		if random.IntN(4) == 0 {
			s.Begin()
			time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
			s.Kill()
		}
		took := s.Launch()
		slowest, total = max(slowest, took), total+took
		if round%5 == 4 {
			book.compareKeyPairs(t)
		}
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	book.compareKeyPairs(t)
	book.compareServers(t)
	book.logIn(t)
	t.Logf("%d kills; ready again after %v on average, %v at most; %s", kills, (total / kills).Round(time.Millisecond), slowest.Round(time.Millisecond), book)
}

// seeded is a source of chance whose seed is in the log; KEYREEVE_TEST_SEED sets it.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("KEYREEVE_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("KEYREEVE_TEST_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestTerminate stops the server in the middle of work: what it has begun it
// finishes, what it has acknowledged stays, and it ends well.
func TestTerminate(t *testing.T) {
	s := harness.Start(t, append(roomy, "KEYREEVE_KEYPAIR_POOL=0")...) // making a key takes its time
	session := s.Login(s.Demo)
	book := newLedger(session)
	book.makeKeyOfServers(t)
	for round := range 3 {
		var clients sync.WaitGroup
		stop := make(chan struct{})
		clients.Go(func() { book.keepKeyPairs(t.Context(), stop, fmt.Sprintf("r%02d", round)) })
		clients.Go(func() { book.keepServers(t.Context(), stop, fmt.Sprintf("r%02d", round)) })
		var begun sync.WaitGroup
		for n := range 4 {
			begun.Add(1)
			name := fmt.Sprintf("begun-%02d-%d", round, n)
			clients.Go(func() {
				answer, err := makeAndTell(t.Context(), s.Main, session.Token, name, begun.Done)
				if err != nil || answer != http.StatusCreated {
					t.Errorf("%s was under way at SIGTERM: status %d, %v", name, answer, err)
				}
			})
		}
		begun.Wait()
		s.Stop()
		close(stop)
		clients.Wait()
		s.Launch()
		book.compareKeyPairs(t)
	}
	book.compareServers(t)
	book.logIn(t)
}

// TestSecondServer starts a second server on the same data folder.
func TestSecondServer(t *testing.T) {
	s := harness.Start(t)
	o := harness.Finish(t, s.Command("serve", "--data", s.Dir))
	if o.Exit != 1 || !strings.Contains(o.Stderr, "another keyreeve serves from the data folder "+s.Dir) || strings.Count(o.Stderr, "\n") != 1 {
		t.Errorf("exit status %d, said %q", o.Exit, o.Stderr)
	}
	var list any
	s.Login(s.Demo).Get(t, "/compute/v2.1/os-keypairs", &list) // the first one still serves
}

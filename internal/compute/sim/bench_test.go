package sim

import (
	"runtime"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
)

func BenchmarkCreateAndStart(b *testing.B) {
	k := newKey(b)
	d := newDriver(b, b.TempDir())
	for b.Loop() {
		create(b, d, newSpec(k.line))
	}
}

func BenchmarkBoot(b *testing.B) {
	d := newDriver(b, b.TempDir())
	spec := create(b, d, newSpec(newKey(b).line))
	for b.Loop() {
		must(b, d.Reboot(ctx, spec, true))
	}
}

func BenchmarkLogin(b *testing.B) {
	k := newKey(b)
	d := newDriver(b, b.TempDir())
	spec := create(b, d, newSpec(k.line))
	for b.Loop() {
		c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
		must(b, err)
		s, err := c.NewSession()
		must(b, err)
		must(b, s.Run("true"))
		c.Close()
	}
}

// What one idle instance costs: memory and goroutines.
func BenchmarkIdle(b *testing.B) {
	k := newKey(b)
	d := newDriver(b, b.TempDir())
	const n = 200
	specs := make([]compute.Spec, n)
	for b.Loop() {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		goroutines := runtime.NumGoroutine()
		for i := range specs {
			specs[i] = create(b, d, newSpec(k.line))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse)/n, "B/instance")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/n, "goroutines/instance")
		for _, s := range specs {
			must(b, d.Delete(ctx, s.ID))
		}
	}
}

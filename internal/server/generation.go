package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// generation holds how long callers waited for keys and how long these took to
// make. It is the generator's observer from the start, before there is a registry.
type generation struct {
	waits, durations *prometheus.HistogramVec
}

func newGeneration() *generation {
	histogram := func(name, help string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		}, []string{"spec"})
		h.WithLabelValues(string(sshkey.SpecRSA2048)) // there from the start: what every cloud makes
		return h
	}
	return &generation{
		waits: histogram("keyreeve_key_generation_wait_seconds",
			"Time that callers waited who did not get their turn to generate a key at once, by the sort of key."),
		durations: histogram("keyreeve_key_generation_duration_seconds",
			"Time from a turn to the finished key, by the sort of key; those for the pool included."),
	}
}

// Waited is for [sshkey.Observer].
func (g *generation) Waited(s sshkey.Spec, d time.Duration) {
	g.waits.WithLabelValues(string(s)).Observe(d.Seconds())
}

// Made is for [sshkey.Observer].
func (g *generation) Made(s sshkey.Spec, d time.Duration) {
	g.durations.WithLabelValues(string(s)).Observe(d.Seconds())
}

// register adds the histograms and what the generator counts itself.
func (g *generation) register(r *prometheus.Registry, stats func() sshkey.Stats) {
	r.MustRegister(g.waits, g.durations)
	for _, m := range []struct {
		name, help string
		read       func(sshkey.Stats) int
	}{
		{"keyreeve_key_pool_keys", "Fresh RSA-2048 keys held ready.", func(s sshkey.Stats) int { return s.Pooled }},
		{"keyreeve_key_pool_size", "Keys that the pool has room for.", func(s sshkey.Stats) int { return s.PoolSize }},
		{"keyreeve_key_generation_waiting", "Callers waiting for their turn to generate a key.", func(s sshkey.Stats) int { return s.Waiting }},
		{"keyreeve_key_generation_running", "RSA keys being made.", func(s sshkey.Stats) int { return s.Running }},
		{"keyreeve_key_generation_slots", "RSA keys that may be made at the same time.", func(s sshkey.Stats) int { return s.Slots }},
	} {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: m.name, Help: m.help},
			func() float64 { return float64(m.read(stats())) }))
	}
	for _, m := range []struct {
		name, help string
		read       func(sshkey.Stats) uint64
	}{
		{"keyreeve_keys_generated_total", "Keys made since the start, those for the pool included.", func(s sshkey.Stats) uint64 { return s.Generated }},
		{"keyreeve_keys_from_pool_total", "Keys that were handed out from the pool.", func(s sshkey.Stats) uint64 { return s.FromPool }},
		{"keyreeve_key_generations_stopped_total", "Callers who went away while they waited for a key or while it was made.", func(s sshkey.Stats) uint64 { return s.Stopped }},
	} {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: m.name, Help: m.help},
			func() float64 { return float64(m.read(stats())) }))
	}
}

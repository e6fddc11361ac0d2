package server

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics is Keyreeve's own registry and what the requests add to it.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics(d *Domain, m *machines, version string) *metrics {
	r := prometheus.NewRegistry()
	out := &metrics{
		registry: r,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keyreeve_http_requests_total", Help: "Requests answered, by surface, method, route and status.",
		}, []string{"surface", "method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "keyreeve_http_request_duration_seconds", Help: "Time from the request's headers to the end of the answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}, []string{"surface", "method", "route"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "keyreeve_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	r.MustRegister(out.requests, out.duration, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	d.generation.register(r, d.Generator.Stats)
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "keyreeve_jobs_pending", Help: "Jobs on record that are not done.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		n, err := d.DB.PendingJobs(ctx)
		if err != nil {
			return -1
		}
		return float64(n)
	}))
	for pool := range d.DB.Stats() {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "keyreeve_db_connections_in_use", Help: "Database connections in use.", ConstLabels: prometheus.Labels{"pool": pool},
		}, func() float64 { return float64(d.DB.Stats()[pool].InUse) }))
	}
	return out
}

// Observe counts one request; wire calls it with the route's pattern, never the path.
func (m *metrics) Observe(surface, method, route string, status int, d time.Duration) {
	m.requests.WithLabelValues(surface, method, route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(surface, method, route).Observe(d.Seconds())
}

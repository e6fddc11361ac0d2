package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// The server's own numbers that the bench looks at.
const (
	poolKeys  = "keyreeve_key_pool_keys"
	poolSize  = "keyreeve_key_pool_size"
	generated = "keyreeve_keys_generated_total"
	fromPool  = "keyreeve_keys_from_pool_total"
	running   = "keyreeve_key_generation_running"
	cpuTime   = "process_cpu_seconds_total"
)

// metrics asks the server for its numbers, by name; those with labels are left out.
func (t *target) metrics(ctx context.Context) (map[string]float64, error) {
	admin := &target{base: t.admin, http: t.http}
	_, text, err := admin.ask(ctx, http.MethodGet, "/metrics", nil, http.StatusOK)
	if err != nil {
		return nil, err
	}
	numbers := map[string]float64{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || name == "#" || strings.Contains(name, "{") {
			continue
		}
		if numbers[name], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
	}
	for _, name := range []string{poolKeys, poolSize, generated, fromPool, running, cpuTime} {
		if _, ok := numbers[name]; !ok {
			return nil, fmt.Errorf("the server does not tell %s", name)
		}
	}
	return numbers, nil
}

# Keyreeve. `make run` builds and starts it, `make test` runs everything there is to check.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

# How long `make fuzz` spends on each target, and what `make run` hands to `keyreeve serve`.
FUZZTIME ?= 20s
ARGS ?=

.PHONY: help
help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 16

.PHONY: run
run: ## build keyreeve and start it on the embedded defaults (ARGS="--data DIR" and so on)
	@scripts/deps run
	@$(MAKE) build
	@exec bin/keyreeve serve $(ARGS)

.PHONY: build
build: ## build bin/keyreeve
	@CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/keyreeve ./cmd/keyreeve

# The order is from quick to slow, and go test's own summary comes last.
.PHONY: test
test: ## install what the tests need, then vet, lint, unit tests, and the real clients
	@scripts/deps test
	@go vet ./...
	@$(MAKE) lint
	@CGO_ENABLED=1 go test -race -timeout 10m ./...
	@if [[ -f conformance/go.mod ]]; then cd conformance && go vet ./... && go test -count=1 -p 1 -timeout 10m ./...; fi

.PHONY: lint
lint: bin/golangci-lint ## run the linters of .golangci.yml
	@bin/golangci-lint run --allow-parallel-runners ./...

.PHONY: vuln
vuln: bin/govulncheck ## look for known vulnerabilities (needs the network: vuln.go.dev)
	@bin/govulncheck ./...

# The tools are pinned by the module in tools/, apart from the product's own libraries.
bin/golangci-lint: tools/go.mod tools/go.sum
	@echo "building golangci-lint: about a minute, once" >&2
	@go -C tools build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
bin/govulncheck: tools/go.mod tools/go.sum
	@go -C tools build -o ../bin/govulncheck golang.org/x/vuln/cmd/govulncheck

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME
	@for dir in $$(grep -rlE '^func Fuzz' --include='*_test.go' internal | xargs -r dirname | sort -u); do \
	  for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$dir"/*_test.go); do \
	    echo "== $$dir $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "./$$dir"; \
	  done; \
	done

.PHONY: bench
bench: ## run the benchmarks, then load a real server and compare it with the bare limits of this machine
	@go test -run '^$$' -bench . -benchmem -benchtime 200ms ./internal/...
	@go run ./bench

.PHONY: generate
generate: ## write anew what is made from the source: docs/configuration.md, the import rules in .golangci.yml
	@go test ./internal/config -run TestDocs -update
	@go test ./internal -run TestLint -update

.PHONY: clean
clean: ## remove what was built
	@rm -rf bin

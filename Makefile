GO ?= go
ROOMS = cmd schema exporter importer transform samples internal
# The library's writer of Markdown manuals is not used.
BUILD = CGO_ENABLED=0 $(GO) build -trimpath -tags urfave_cli_no_docs -ldflags '-s -w'

.PHONY: build check demo test setup bench fuzz soak lint test-windows release clean

build: ## the binary, static
	$(BUILD) -o bin/ ./cmd/mailferry

demo: build ## the whole road on the samples
	bin/mailferry demo

# The detector makes scrypt ten times as slow, and that has no goroutines to watch.
RACE = -race -gcflags=golang.org/x/crypto/scrypt=-race=false

# The scripts start hundreds of processes: the detector need not wait a second at
# the end of each.
test: export GORACE = atexit_sleep_ms=0
test: ## everything, with the race detector, against the real tools
# The setup waits for the network and for packages while the linter is compiled.
	$(MAKE) -j2 setup lint LINT_AS='$(RACE)'
# Most tests wait for browsers and for time to pass.
	$(GO) test $(RACE) -vet=all -p 3 -parallel 3 -timeout 60m ./...

setup: ## what the tests need on a Debian machine
	.ci/setup

# The linter and vet want every package compiled. The linter takes those that the tests
# are compiled to, where LINT_AS says which; what only vet for Windows looks at need not
# be made fast.
lint: ## formatting, golangci-lint, vet for Windows
	@test -z "$$(gofmt -l $(ROOMS))" || { gofmt -l $(ROOMS); exit 1; }
	GOOS=windows $(GO) vet -gcflags='all=-N -l' ./...
	$(GO) run $(if $(LINT_AS),-exec "env 'GOFLAGS=$$($(GO) env GOFLAGS) $(LINT_AS)'") github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.5.0 run

# No browser, server or detector: for while one works.
check: lint ## formatting, vet, lint and the quick tests
	$(GO) test ./schema/ ./transform ./exporter ./exporter/sheet ./exporter/source ./exporter/jirabackup \
		./importer/rest ./internal/address ./internal/compare ./internal/findings ./internal/human ./internal/proxy \
		./internal/selection ./internal/sheet

bench: setup ## ratios side by side with peers; nothing is asserted
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m ./...

FUZZTIME ?= 3m

fuzz: ## hostile input to every decoder, FUZZTIME each
	.ci/fuzz $(FUZZTIME)

soak: ## a thousand kills
	MAILFERRY_SOAK=1000 $(GO) test -run Crash -v -timeout 120m ./importer/...

test-windows: ## the whole road by the Windows program, under Wine
	.ci/windows

release: ## a snapshot of what a release has, built twice and compared, and tried
	.ci/release

clean:
	rm -rf bin dist

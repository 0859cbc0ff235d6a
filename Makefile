# make, or make help, lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

GO_SOURCES := $(shell find cmd dispatch geo internal migrations ticket tracking web-map/embed.go -name '*.go' -o -name '*.sql' 2>/dev/null)
WEB_SOURCES := $(shell find web-map/src web-map/public web-map/build web-map/index.html web-map/vite.config.ts web-map/package-lock.json -type f 2>/dev/null)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

.PHONY: demo
demo: setup build ## Build everything and run the demo town with its simulated fleet
	@deploy/demo.sh

.PHONY: test
test: setup-test build ## Install what is missing, run every test, print how many ran
	@deploy/test.sh

.PHONY: check
check: lint test ## What CI runs: format, lint, types, all tests, the papers' claims

.PHONY: setup setup-test
setup: ## Install what the service needs and is missing
	@deploy/setup.sh run
setup-test:
	@deploy/setup.sh test

.PHONY: build
build: bin/jiujin bin/fleetsim ## Build the web pages and the programs

.PHONY: web
web: web-map/dist/app/index.html ## Build the web pages

web-map/node_modules/.stamp: web-map/package-lock.json
	@echo "installing the npm packages of web-map …"
	@cd web-map && npm ci --no-audit --no-fund --silent && touch node_modules/.stamp

web-map/dist/app/index.html: web-map/node_modules/.stamp $(WEB_SOURCES)
	@echo "building the web pages …"
	@cd web-map && { out=$$(npm run --silent build 2>&1) || { echo "$$out"; exit 1; }; } && touch dist/app/index.html

bin/jiujin: $(GO_SOURCES) go.mod go.sum web-map/dist/app/index.html
	@echo "building bin/jiujin (the first time compiles the H3 library, about a minute) …"
	@go build -ldflags "-X main.version=$(VERSION)" -o bin/jiujin ./cmd/jiujin

bin/fleetsim: $(GO_SOURCES) go.mod go.sum
	@echo "building bin/fleetsim …"
	@go build -o bin/fleetsim ./cmd/fleetsim

.PHONY: lint
lint: web-map/dist/app/index.html ## Format, vet, static analysis and types
	@test -z "$$(go tool gofumpt -l cmd dispatch geo internal migrations ticket tracking web-map/embed.go | tee /dev/stderr)" || { echo "run: make fmt" >&2; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	cd web-map && npm run --silent lint && npm run --silent typecheck

.PHONY: fmt
fmt: web-map/node_modules/.stamp ## Format Go and the web sources
	go tool gofumpt -w cmd dispatch geo internal migrations ticket tracking web-map/embed.go
	cd web-map && npm run --silent format >/dev/null

.PHONY: prove
prove: setup build ## The long proofs: 10,000 nearest scenes and ways on roads, 50 kill -9 of the server, 20 of the database
	go test ./tracking -count=1 -run 'NearestIsAScan$$' -scenes 10000 -v -timeout 30m
	go test ./geo -count=1 -run 'CellAtIsTheLibrarys' -points 10000000 -v
	go test ./tracking -count=1 -run Streams -streams 100 -timeout 30m
	go test ./geo/road -count=1 -run 'Dijkstra|Turns' -pairs 10000 -rapid.checks 5000 -v
	deploy/crash.sh 50 20

.PHONY: backlog
backlog: setup ## 200 vehicle units bring a day each at once: the delay of others as JSON
	go test ./tracking/jt808 -count=1 -run 'Backlogs$$' -backlog-units 200 -backlog-fixes 8640 -v -timeout 30m

.PHONY: traces
traces: setup build ## Replay recorded fleets (JIUJIN_DATA names the folder) and compare; an hour
	deploy/traces.sh

.PHONY: fuzz
fuzz: ## Fuzz every decoder for a minute each
	go test ./tracking -run '^$$' -fuzz FuzzRecord -fuzztime 60s
	go test ./tracking/jsonfix -run '^$$' -fuzz FuzzDecode -fuzztime 60s
	go test ./cmd/fleetsim/terminal -run '^$$' -fuzz FuzzRead -fuzztime 60s
	go test ./geo/retailer -run '^$$' -fuzz FuzzRecords -fuzztime 60s
	go test ./geo/zh -run '^$$' -fuzz FuzzRepair -fuzztime 60s
	go test ./geo/address -run '^$$' -fuzz FuzzParse -fuzztime 60s
	go test ./geo/address/crf -run '^$$' -fuzz FuzzRead -fuzztime 60s
	go test ./geo/pbf -run '^$$' -fuzz FuzzRead -fuzztime 60s
	for target in FuzzDecode FuzzBody FuzzSplit FuzzAssemble; do go test ./tracking/jt808 -run '^$$' -fuzz "^$$target\$$" -fuzztime 60s -fuzzminimizetime 1s || exit 1; done
	go test ./tracking/gt06 -run '^$$' -fuzz FuzzFrames -fuzztime 60s -fuzzminimizetime 1s
	for target in FuzzQuery FuzzJSON; do go test ./tracking/osmand -run '^$$' -fuzz "^$$target\$$" -fuzztime 60s -fuzzminimizetime 1s || exit 1; done
	go test ./tracking/owntracks -run '^$$' -fuzz FuzzDecode -fuzztime 60s -fuzzminimizetime 1s
	go test ./tracking/traccar -run '^$$' -fuzz FuzzDecode -fuzztime 60s -fuzzminimizetime 1s
	go test ./tracking/nmea -run '^$$' -fuzz FuzzRead -fuzztime 60s -fuzzminimizetime 1s
	go test ./geo/pmtiles -run '^$$' -fuzz FuzzArchive -fuzztime 60s
	go test ./cmd/jiujin -run '^$$' -fuzz FuzzDecodeLine -fuzztime 60s -fuzzminimizetime 1s

.PHONY: bench
bench: build ## Latency of the running service with 40 vehicles as JSON, then the Go benchmarks
	deploy/latency.sh
	go test -run '^$$' -bench . -benchmem ./tracking ./ticket ./dispatch ./internal/httpapi

.PHONY: million
million: setup build ## Restart, memory and idle load with 1,000,000 registered units as JSON; 10 minutes
	deploy/million.sh

.PHONY: schema openapi
schema: ## Write migrations/schema.sql anew
	go test ./migrations -count=1 -run Schema -update
openapi: web-map/dist/app/index.html ## Write docs/openapi.json anew
	go test ./internal/httpapi -count=1 -run OpenAPI -update

.PHONY: clean
clean: ## Remove what was built (not the demo's data)
	rm -rf bin web-map/dist/app web-map/node_modules

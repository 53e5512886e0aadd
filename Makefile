# Everything that is done with this project, one target each. `make` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test test-clients lint soak fuzz mutants gate bench bench-cpu bench-export bench-lake vendor build invoke \
  start-api deploy deploy-local verify-aws clean tools receiver browser screenshots

PORT ?= 9000
DB_PORT ?= 8000
AWS_PORT ?= 4566
API_PORT ?= 3000
ARCH ?= x86_64
# The callback token in events/, for use on this machine only.
LOCAL_TOKEN := local-callback-token-not-for-production
EVENT ?= events/text-message-created.json
SAM ?=
ROUNDS ?= 40
STARTS ?= 10
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= eu-west-1

venv := .tools/venv
in_venv := PATH="$(CURDIR)/$(venv)/bin:$$PATH"

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start the receiver here over an embedded DynamoDB, with a page at http://127.0.0.1:9000/; deliver every file of events/, go on serving
	KAIZALA_CALLBACK_TOKEN=$(LOCAL_TOKEN) cargo run --locked --features cli --bin kaizala -- \
	  dev --memory --port $(PORT) --db-port $(DB_PORT) --deliver events

test: tools receiver browser ## Run all tests, the release binary under Lambda's runtime interface emulator and a browser among them
	cargo test --locked --features cli

test-clients: .tools/clients/installed ## Let the official SDKs for CloudEvents (PyPI, npm) deliver to the receiver, and look at its table
	cargo build --locked --features cli --bin kaizala
	python3 scripts/test-clients.py --kaizala target/debug/kaizala --python .tools/clients/venv/bin/python --node .tools/clients/node

lint: tools .tools/checkov .tools/bin/cargo-deny .tools/bin/cargo-machete ## Check formatting, Clippy's advice, documentation links, dependencies and the template
	cargo fmt --check
	cargo clippy --locked --features cli --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --features cli --no-deps --lib
	.tools/bin/cargo-deny --locked check bans licenses sources
	.tools/bin/cargo-machete
	cd src/report/vendor && sha256sum --quiet --check SHA256SUMS
	$(in_venv) cfn-lint template.yaml
	$(in_venv) sam validate --lint
	.tools/checkov/bin/checkov --file template.yaml --framework cloudformation --compact --quiet --skip-download

soak: receiver ## Deliver DELIVERIES=1000000 times to the release binary while the database fails and processes are killed; compare
	SOAK_DELIVERIES=$(or $(DELIVERIES),1000000) SOAK_RECEIVER=$(CURDIR)/target/release/receiver \
	  cargo test --locked --profile cli --features cli --test it -- --nocapture simulator::soak

bench-export: tools ## Export EVENTS=1000000 made-up events and report on them; compare with zcat and DuckDB over the same files
	cargo build --locked --profile cli --features cli --bin kaizala
	$(venv)/bin/python benches/export.py --kaizala target/cli/kaizala --events $(or $(EVENTS),1000000)

bench-lake: tools ## Convert an export of EVENTS=300000 made-up events with the lake's function; compare with zcat, list what queries read and what it costs
	cargo build --locked --profile cli --features cli --bin kaizala
	cargo build --locked --release --features lake --bin lake
	$(venv)/bin/python benches/lake.py --kaizala target/cli/kaizala --lake target/release/lake --events $(or $(EVENTS),300000)

fuzz: ## Fuzz what reads bodies and items, each for SECONDS=60 (needs a nightly toolchain)
	scripts/fuzz.sh $(or $(SECONDS),60)

mutants: .tools/bin/cargo-mutants ## Change src/store and src/event in SAMPLE=200 places, one at a time, and list the changes that no test notices; takes hours
	scripts/mutants.sh $(or $(SAMPLE),200)

screenshots: browser ## Take the pictures of the README again: the page of `make run`, and a report
	cargo test --locked --features cli --test it -- --ignored take_the_pictures

vendor: ## Fetch the charting library and the map outline of the report again (needs npm)
	scripts/vendor.sh

# The benchmarks have a target folder of their own: cargo bench would replace the release binary of the receiver by one of its own
# profile.
gate: .tools/bin/gungraun-runner ## Count the instructions that an event costs, and compare them with the limits in benches/gate.rs
	@command -v valgrind >/dev/null || { echo "make gate: valgrind is missing; on Debian: apt-get install valgrind" >&2; exit 1; }
	GUNGRAUN_RUNNER=$(CURDIR)/.tools/bin/gungraun-runner cargo bench --locked --features cli --target-dir target/bench --bench gate

bench-cpu: ## Measure the time that an event costs, without DynamoDB
	cargo bench --locked --features cli --target-dir target/bench --bench cpu

bench: tools receiver bench-cpu .tools/bench/installed ## Measure the receiver beside others and write benches/RESULTS.md; ROUNDS=40 STARTS=10
	[ benches/bare/Cargo.lock -nt Cargo.lock ] || cp Cargo.lock benches/bare/Cargo.lock
	cargo build --locked --features cli --bin kaizala
	cargo build --release --manifest-path benches/bare/Cargo.toml --target-dir target
	cargo build --release --manifest-path benches/bare/Cargo.toml --target-dir target --features sdk-defaults --bin sdk-defaults
	ROUNDS=$(ROUNDS) STARTS=$(STARTS) python3 benches/report.py

build: .tools/build ## Build the Lambda for deployment (sam build) for ARCH=x86_64 or arm64
	$(in_venv) sam build --parameter-overrides Architecture=$(ARCH)
	$(venv)/bin/python scripts/pin-architecture.py .aws-sam/build

invoke: build ## Build the Lambda and run it once in Docker on EVENT=events/x.json, over the database of `make run`
	DB_PORT=$(DB_PORT) scripts/sam-local.sh invoke $(EVENT)

start-api: build ## Build the Lambda and serve it in Docker behind a local API Gateway on port API_PORT, over the same database
	DB_PORT=$(DB_PORT) scripts/sam-local.sh start-api $(API_PORT)

deploy: build ## Build for ARCH, deploy to AWS (sam deploy with the options SAM), check, and take back what does not work
	cargo build --locked --features cli --bin kaizala
	$(in_venv) python scripts/deploy.py --kaizala target/debug/kaizala $(SAM)

verify-aws: tools ## Prove the stack STACK in your AWS account, from a test event to the dashboards' views; VERIFY: options, such as --region
	@[ -n "$(STACK)" ] || { echo "make verify-aws: name the stack: make verify-aws STACK=kaizala-webhook" >&2; exit 1; }
	cargo build --locked --features cli --bin kaizala
	$(in_venv) python scripts/verify_aws.py --stack $(STACK) --kaizala target/debug/kaizala $(VERIFY)

deploy-local: build .tools/ministack ## Build, sam deploy to an AWS emulator on port AWS_PORT, deliver all of events/, compare table, event bus and tables for dashboards, verify
	cargo build --locked --features cli --bin kaizala
	$(in_venv) .tools/ministack/bin/python scripts/deploy-local.py --port $(AWS_PORT) --kaizala target/debug/kaizala

clean: ## Delete what was built and installed
	rm -rf target .tools .aws-sam fuzz/target fuzz/corpus fuzz/artifacts

tools: .tools/test

receiver:
	cargo build --locked --release --bin receiver

# A browser is the only tool that is not installed into .tools/.
browser:
	scripts/browser.sh

# The versions are pinned in tools/. Everything is installed into .tools/ and nothing outside of the project.
make_venv = python3 -m venv $(1) || { echo "python3 cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; rm -rf $(1); exit 1; }
install = $(1)/bin/pip install --quiet --disable-pip-version-check --requirement $(2)

.tools/venv:
	$(call make_venv,$@)

# Each tool has a virtual environment of its own, whose folder is the target, so that Make installs it again when its pins change.
.tools/checkov .tools/ministack: .tools/%: tools/requirements-%.txt
	rm -rf $@
	$(call make_venv,$@)
	$(call install,$@,$<) || { rm -rf $@; exit 1; }
	touch $@

.tools/test: tools/requirements-test.txt | .tools/venv
	$(call install,$(venv),$<)
	emulators=$$($(venv)/bin/python -c 'import samcli.local as sam; print(sam.__path__[0])')/rapid; \
	  install -m 755 $$emulators/aws-lambda-rie-$$(uname -m | sed s/aarch64/arm64/) $(venv)/bin/aws-lambda-rie
	touch $@

# Senders of CloudEvents that nobody here wrote.
.tools/clients/installed: tools/requirements-clients.txt tests/clients/package.json tests/clients/package-lock.json
	rm -rf $(@D)
	mkdir -p $(@D)/node
	$(call make_venv,$(@D)/venv)
	$(call install,$(@D)/venv,$<)
	cp tests/clients/package*.json $(@D)/node
	cd $(@D)/node && npm ci --no-audit --no-fund
	touch $@

# The functions with which the receiver is compared, packaged as they would be deployed.
peers := benches/peers
.tools/bench/installed: $(wildcard $(peers)/python/*.txt $(peers)/node/*) | .tools/venv
	rm -rf $(@D)
	mkdir -p $(@D)/node
	for packages in python=requirements python-powertools=requirements-powertools python-runtime=requirements-runtime; do \
	  $(venv)/bin/pip install --quiet --disable-pip-version-check --no-compile \
	    --target $(@D)/$${packages%=*} --requirement $(peers)/python/$${packages#*=}.txt || exit 1; \
	done
	cp $(peers)/node/package*.json $(peers)/node/webhook.mjs $(@D)/node
	cd $(@D)/node && npm ci --no-audit --no-fund && npm run build
	touch $@

.tools/bin/gungraun-runner: Cargo.lock
	version=$$(awk '/^name = "gungraun-runner"/ { getline; print $$3 }' $< | tr -d '"'); \
	  $@ --version 2>/dev/null | grep -qF " $$version" || \
	  cargo install --quiet --locked --root .tools --version $$version gungraun-runner
	touch $@

# The versions are pinned here, because Cargo has no file that lists programs.
.tools/bin/cargo-deny: version := 0.20.2
.tools/bin/cargo-machete: version := 0.9.2
.tools/bin/cargo-mutants: version := 27.1.0
.tools/bin/cargo-deny .tools/bin/cargo-machete .tools/bin/cargo-mutants: .tools/bin/%: Makefile
	cargo install --quiet --locked --root .tools --version $(version) $*
	touch $@

.tools/build: tools/requirements-build.txt .tools/test
	$(call install,$(venv),$<)
	touch $@

# shellcheck shell=sh
# What a machine must have before Bluesonde can be built and tested: sourced by ./run and ./test.
#
# Nothing here installs what is already there, so a second run costs a few `command -v`. What is missing comes from
# the distribution (Debian and its kin), except Rust, which is rustup's: the toolchain file pins the version.

: "${root:?the root of the repository is set by whoever sources this file}"

say() { printf '%s\n' "$*"; }
die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Sets $target_dir to where cargo puts what it builds, whichever way it was told. Cargo, the tests and the program run in
# different directories, so a relative path is made absolute first.
find_target_dir() {
    case ${CARGO_TARGET_DIR:-} in
        '') unset CARGO_TARGET_DIR ;;
        /*) ;;
        *)
            CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR
            export CARGO_TARGET_DIR
            ;;
    esac
    metadata=$(cd "$root" && cargo metadata --format-version 1 --no-deps --locked) || die "cargo metadata failed."
    target_dir=$(printf '%s\n' "$metadata" | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
    [ -n "$target_dir" ] || die "cargo metadata does not say where cargo builds."
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        return 127
    fi
}

# apt_install "why" package…: installs from the distribution and says what and why.
apt_install() {
    why=$1
    shift
    by_hand="Please install by hand: $*  ($why)"
    command -v apt-get >/dev/null 2>&1 || die "This machine has no apt-get. $by_hand"
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        die "Installing needs root, and there is no sudo here. $by_hand"
    fi
    say "Installing with apt: $*  ($why)"
    # A list of packages older than the mirror fails half-way, so it is refreshed before the first installation.
    if [ -z "${apt_is_fresh:-}" ]; then
        as_root apt-get update -qq </dev/null >/dev/null || die "apt-get update failed. $by_hand"
        apt_is_fresh=yes
    fi
    # Through `env`, because sudo drops the environment.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        </dev/null >/dev/null || die "apt-get install failed. $by_hand"
}

need_c_compiler() {
    # A compiler without the C library's headers is a common half-installation: compile something to know.
    if ! echo '#include <stdlib.h>' | cc -E -x c - >/dev/null 2>&1; then
        apt_install "a C compiler links Rust programs and compiles the bundled SQLite" gcc libc6-dev
    fi
}

need_rust() {
    if ! command -v cargo >/dev/null 2>&1; then
        # rustup edits the profile, which a shell that is already open has not read.
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
        export PATH
    fi
    command -v rustup >/dev/null 2>&1 || command -v cargo >/dev/null 2>&1 ||
        die "Bluesonde is built with Rust. Install rustup from https://rustup.rs and run this again."
    # Merely asking for the version makes rustup download what is missing, without a word: so it may not, here.
    if ! has_rust; then
        version=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$root/rust-toolchain.toml")
        command -v rustup >/dev/null 2>&1 || die "Rust $version with rustfmt and clippy is needed, and there is no rustup to install it."
        say "Installing with rustup: Rust $version  (the version that rust-toolchain.toml pins)"
        rustup toolchain install "$version" --profile minimal --component rustfmt --component clippy </dev/null ||
            die "rustup could not install Rust $version."
    fi
}

has_rust() (
    RUSTUP_AUTO_INSTALL=0
    export RUSTUP_AUTO_INSTALL
    cd "$root" && { cargo --version && cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1
)

need_node() {
    if ! node_is_new_enough || ! command -v npm >/dev/null 2>&1; then
        apt_install "Node runs the browser journeys; tests only" nodejs npm
    fi
    node_is_new_enough || die "Node 18.15 or newer is needed; this machine offers $(node --version 2>/dev/null || echo none)."
}

# 18.15 is the first with --test-reporter, which ./test counts by.
node_is_new_enough() {
    version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    major=${version%%.*}
    minor=${version#*.}
    minor=${minor%%.*}
    [ "$major" -gt 18 ] || { [ "$major" -eq 18 ] && [ "$minor" -ge 15 ]; }
}

need_python() {
    # Debian splits venv off: the module is there without the package, but cannot make anything.
    if ! python_makes_environments; then
        apt_install "Python runs the client libraries' tests; tests only" python3 python3-venv
        python_makes_environments || die "The python3 that is first in PATH cannot make virtual environments."
    fi
}

python_makes_environments() { python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }

need_go() {
    if ! go_is_new_enough; then
        apt_install "Go runs its client library's tests; tests only" golang-go
    fi
    go_is_new_enough || die "Go 1.19 or newer is needed; this machine offers $(go version 2>/dev/null || echo none)."
}

# What e2e/clients/go/go.mod asks for.
go_is_new_enough() {
    version=$(go version 2>/dev/null) || return 1
    version=${version#go version go1.}
    minor=${version%%[!0-9]*}
    [ "${minor:-0}" -ge 19 ]
}

need_java() {
    if ! java_is_new_enough || ! command -v mvn >/dev/null 2>&1; then
        apt_install "Java runs its client library's tests; ./test --long only" default-jdk-headless maven
    fi
    java_is_new_enough || die "Java 17 or newer is needed; this machine offers $(javac -version 2>&1 || echo none)."
}

# What e2e/clients/java/pom.xml compiles for. The compiler is asked, because a machine may have only what runs Java.
java_is_new_enough() {
    version=$(javac -version 2>&1) || return 1
    version=${version#javac }
    major=${version%%[!0-9]*}
    [ "${major:-0}" -ge 17 ]
}

need_chromium() {
    chromium=${CHROMIUM:-/usr/bin/chromium}
    if [ ! -x "$chromium" ]; then
        apt_install "the browser journeys run in a real browser; tests only" chromium
        [ -x "$chromium" ] || die "There is no $chromium. CHROMIUM can name another."
    fi
}

# libFuzzer is C++, and its instrumentation is the nightly compiler's.
need_fuzzer() {
    command -v c++ >/dev/null 2>&1 || apt_install "the fuzzer is C++; ./test --long only" g++
    cargo +nightly fuzz --version >/dev/null 2>&1 && return
    command -v rustup >/dev/null 2>&1 || die "Fuzzing needs a nightly Rust, and there is no rustup to install it."
    say "Installing with rustup and cargo: nightly Rust and cargo-fuzz  (they fuzz the parsers; ./test --long only)"
    rustup toolchain install nightly --profile minimal </dev/null || die "rustup could not install the nightly toolchain."
    cargo install --quiet --locked cargo-fuzz </dev/null || die "cargo could not install cargo-fuzz."
}

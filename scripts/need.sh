# shellcheck shell=sh
# What a machine must have before Bluesonde can be built and tested: sourced by ./run and ./test.
#
# Nothing here installs what is already there, so a second run costs a few `command -v`. What is missing comes from
# the distribution (Debian and its kin), except Rust, which is rustup's: the toolchain file pins the version.

say() { printf '%s\n' "$*"; }
die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Where cargo puts what it builds; $root is set by whoever sources this file.
target_dir() { printf '%s\n' "${CARGO_TARGET_DIR:-$root/target}"; }

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
    # rustup may be told not to install toolchains by itself, so this asks for the pinned one by name.
    if ! (cd "$root" && cargo --version && cargo fmt --version && cargo clippy --version) >/dev/null 2>&1; then
        version=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$root/rust-toolchain.toml")
        command -v rustup >/dev/null 2>&1 || die "Rust $version with rustfmt and clippy is needed, and there is no rustup to install it."
        say "Installing with rustup: Rust $version  (the version that rust-toolchain.toml pins)"
        rustup toolchain install "$version" --profile minimal --component rustfmt --component clippy </dev/null ||
            die "rustup could not install Rust $version."
    fi
}

need_node() {
    if ! node_is_new_enough || ! command -v npm >/dev/null 2>&1; then
        apt_install "Node runs the browser journeys; tests only" nodejs npm
    fi
    node_is_new_enough || die "Node 18 or newer is needed; this machine offers $(node --version 2>/dev/null || echo none)."
}

node_is_new_enough() {
    version=$(node --version 2>/dev/null) || return 1
    major=${version#v}
    [ "${major%%.*}" -ge 18 ]
}

need_python() {
    # Debian splits venv off: the module is there without the package, but cannot make anything.
    if ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
        apt_install "Python runs the client libraries' tests; tests only" python3 python3-venv
    fi
}

need_chromium() {
    if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
        apt_install "the browser journeys run in a real browser; tests only" chromium
    fi
}

# shellcheck shell=bash
# What the scripts here need of the system, and how it gets there. Sourced, not run.

# The packages the executables are built with and run with.
# shellcheck disable=SC2034 # used by those who source this
build_packages=(libcurl4-openssl-dev libsqlite3-dev zlib1g-dev pkg-config)

# What the tests that break networks and disks use; without them they are skipped.
# shellcheck disable=SC2034
fault_packages=(iproute2 nftables xfsprogs e2fsprogs)

# The first Swift that builds this package.
swift_wanted=6.3

is_installed() {
    [[ $(dpkg-query --show --showformat '${Status}' "$1" 2>/dev/null) == 'install ok installed' ]]
}

# install_packages PACKAGE...: installs those that are missing, and does nothing where none is.
# False, with a sentence, where they cannot be installed.
install_packages() {
    local package missing=() as_root=()
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        printf 'There is no apt here, so these cannot be installed: %s\n' "$*" >&2
        return 1
    fi
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]} > 0)) || return 0
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            printf 'Not root, and no sudo: have an administrator run apt-get install %s\n' \
                "${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    printf 'installing %s\n' "${missing[*]}"
    "${as_root[@]}" apt-get -qq update \
        && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
}

# True where Swift is there and new enough; else says what to install.
has_swift() {
    local found oldest
    found=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p')
    if [[ -z $found ]]; then
        printf 'Swift %s or later is needed and was not found: %s\n' "$swift_wanted" \
            'install it from https://www.swift.org/install/linux/' >&2
        return 1
    fi
    oldest=$(printf '%s\n' "$swift_wanted" "$found" | sort -V | head -n 1)
    if [[ $oldest != "$swift_wanted" ]]; then
        printf 'Swift %s or later is needed, and this is %s: %s\n' "$swift_wanted" "$found" \
            'install a newer one from https://www.swift.org/install/linux/' >&2
        return 1
    fi
}

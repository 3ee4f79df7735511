# Which Debian packages the product needs, and how they get here. Sourced, never run.

build_packages=(
    g++ cmake ninja-build ccache pkg-config
    openssl libssl-dev libcpprest-dev libboost-dev libsqlite3-dev nlohmann-json3-dev catch2
    libfmt-dev libcli11-dev libtomlplusplus-dev libpugixml-dev libexpected-dev libsystemd-dev
    scdoc python3-yaml python3-jsonschema libvalijson-dev
    prometheus-cpp-dev libpq-dev
)
fuzz_packages=(clang-16 libclang-rt-16-dev)
documentation_packages=(scdoc man-db zsh fish) # to check manual pages and completion
unit_packages=(systemd) # systemd-analyze
package_packages=( # to build and try the Debian packages
    debhelper debootstrap dpkg-dev lintian po-debconf bsdutils make
    strongswan-pki libstrongswan-extra-plugins libstrongswan-standard-plugins
)
abi_packages=(abigail-tools binutils make) # to compare interfaces, and build the SDK's templates
lab_packages=(curl jq openssl sqlite3 procps)
contract_packages=(golang-cfssl)
postgresql_packages=(postgresql)
client_packages=(
    xxd scep strongswan-pki libstrongswan-extra-plugins libstrongswan-standard-plugins certmonger dbus
    softhsm2 libengine-pkcs11-openssl prometheus lnav iproute2
)

# OpenSSL before this version opens forged CMS messages (CVE-2026-34182).
least_openssl=3.0.22

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "error: installing packages needs root; run as root or install sudo" >&2
        return 1
    fi
}

openssl_is_current() {
    local installed
    installed=$(dpkg-query -W -f '${Version}' libssl3 2>/dev/null) || return 1
    dpkg --compare-versions "$installed" ge "$least_openssl"
}

# install_packages NAME…: installs what is missing, and OpenSSL's security update. Does nothing,
# and needs no network or root, when all is in place.
install_packages() {
    local name missing=()
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
            missing+=("$name")
    done
    openssl_is_current || missing+=(libssl3 openssl libssl-dev)
    [ ${#missing[@]} -eq 0 ] && return 0
    echo "installing: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        "${missing[@]}" >/dev/null
    openssl_is_current ||
        echo "warning: libssl3 is older than $least_openssl; ndesd needs Debian's security update" >&2
}

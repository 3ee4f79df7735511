# Building the Debian packages and having lintian judge them. Sourced by scripts/packages.sh.
# Needs $root and $work.

# What the tree holds and git does not ignore; all but build/ where there is no git.
package_copy_tree() {
    rm -rf "$1"
    mkdir -p "$1"
    if git -C "$root" rev-parse --git-dir >/dev/null 2>&1; then
        (cd "$root" && git ls-files -z --cached --others --exclude-standard |
            tar --create --null --ignore-failed-read --files-from=- 2>/dev/null) | tar --extract -C "$1"
    else
        tar --create -C "$root" --exclude=./build . | tar --extract -C "$1"
    fi
}

# package_run_build TREE RESULTS OPTION…: without a network, and without tests. debhelper gives the
# build a home folder of its own; ccache's cache stays where it is.
package_run_build() {
    local tree=$1 results=$2 alone=(unshare --net)
    shift 2
    [ "$(id -u)" -eq 0 ] || alone=(unshare --map-root-user --net)
    mkdir -p "$results"
    (cd "$tree" && CCACHE_DIR=${CCACHE_DIR:-$HOME/.cache/ccache} DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" "${alone[@]}" \
        dpkg-buildpackage --no-sign --build=binary "$@") >"$results/build.log" 2>&1 || {
        tail -n 30 "$results/build.log" >&2
        return 1
    }
    mv "$(dirname "$tree")"/*.deb "$(dirname "$tree")"/*.buildinfo "$(dirname "$tree")"/*.changes "$results/"
}

# package_raise TREE: the next version, which also has another text in a configuration file.
package_raise() {
    local version
    version=$(dpkg-parsechangelog -l "$1/debian/changelog" -S Version)
    {
        printf 'ndes-crp (%s+next) bookworm; urgency=medium\n\n  * To upgrade to.\n\n' "$version"
        printf ' -- %s  %s\n\n' "$(dpkg-parsechangelog -l "$1/debian/changelog" -S Maintainer)" "$(date -R)"
        cat "$1/debian/changelog"
    } >"$work/changelog.new"
    mv "$work/changelog.new" "$1/debian/changelog"
    rm -f "$1/debian/files"
    sed -i '1s/^/# Of the next version.\n/' "$1/debian/ndes-scep-server.logrotate"
}

package_build() {
    local tree=$work/tree/ndes-crp
    install_packages "${build_packages[@]}" "${package_packages[@]}" || return 1
    rm -rf "$work/tree" "$work/1" "$work/2"
    package_copy_tree "$tree"
    echo "== building the packages"
    package_run_build "$tree" "$work/1" || return 1
    ok "packages: $(cd "$work/1" && ls *.deb | sed 's/_.*//' | tr '\n' ' ')"
    package_raise "$tree"
    package_run_build "$tree" "$work/2" --no-pre-clean || return 1
    ok "packages of the next version"
}

# Errors and warnings fail; debian/*.lintian-overrides say why where they are not heeded.
package_lint() {
    install_packages "${package_packages[@]}" || return 1
    local changes
    changes=$(ls "$work"/1/*.changes)
    expect "lintian: no error, no warning" lintian --allow-root --fail-on error,warning "$changes"
    expect_equal "no setuid program, nothing writable by others" \
        "$(for deb in "$work"/1/*.deb; do dpkg-deb -c "$deb"; done | grep -E '^-..[sS]|^-.....[sS]|^[-d].......w' || true)" ""
}

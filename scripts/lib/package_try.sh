# Trying the Debian packages in a Debian 12 of their own. Sourced by scripts/packages.sh. Needs
# $root, $work, expect and its kin, and root. Nothing outside $work changes.
source "$root/scripts/lib/lab.sh"
source "$root/scripts/lib/package_setup.sh"

new_root=$work/root
packages=(ndes-scep-server ndes-crp ndes-policy-crp ndes-crpctl ndes-policy-dev ndes-crp-doc)
states=(etc/ndes-crp var/lib/crpd var/lib/ndesd var/log/crpd var/log/ndesd)

in_root() { chroot "$new_root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
# as_user USER COMMAND…: in there, as a daemon's user.
as_user() {
    local user=$1
    shift
    in_root setpriv --reuid="$user" --regid="$user" --clear-groups --inh-caps=-all "$@"
}
apt_in_root() { in_root DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"; }

# The Debian that the packages are tried in: debootstrap's smallest, from where this machine gets
# its packages, with its security updates.
package_make_base() {
    local base=$work/base mirror suite
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' | awk -v suite="$suite" '$2 == suite { print $1; exit }')
    if [ ! -f "$base/.made" ]; then
        echo "== debootstrap $suite"
        rm -rf "$base"
        debootstrap --variant=minbase "$suite" "$base" "$mirror" >"$work/debootstrap.log" 2>&1 || {
            tail "$work/debootstrap.log" >&2
            return 1
        }
        rm -f "$base/etc/apt/sources.list"
        apt-get indextargets --format '$(SITE) $(RELEASE)' | sort -u | grep " $suite" |
            sed 's/^/deb /; s/$/ main/' >"$base/etc/apt/sources.list"
        cp /etc/resolv.conf "$base/etc/resolv.conf"
        echo '127.0.0.1 localhost' >"$base/etc/hosts"
        printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
        chmod 755 "$base/usr/sbin/policy-rc.d"
        touch "$base/.made"
    fi
    rm -rf "$new_root"
    cp -a "$base" "$new_root"
    mount -t proc proc "$new_root/proc" && mount --bind /dev/pts "$new_root/dev/pts" || return 1
    apt_in_root update >"$work/apt.log" 2>&1
}

package_end() {
    stop_daemons
    umount "$new_root/dev/pts" "$new_root/proc" 2>/dev/null
}

# package_install FOLDER: the packages in it, without what they only recommend.
package_install() {
    mkdir -p "$new_root/debs"
    rm -f "$new_root"/debs/*
    cp "$1"/*.deb "$new_root/debs/"
    in_root sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o Dpkg::Options::=--force-confold install /debs/*.deb' </dev/null
}

# What is kept: every file below the folders, with owner, mode and contents.
state_of() {
    (cd "$new_root" && find "${states[@]}" -printf '%p %M %U:%G\n' 2>/dev/null | sort
     cd "$new_root" && find "${states[@]}" -type f ! -name '*.db-*' ! -path '*/log/*' -exec sha256sum {} + 2>/dev/null | sort -k2)
}

check_installed() {
    local name version
    for name in "${packages[@]}"; do
        expect_equal "$name is installed" "$(in_root dpkg-query -W -f '${db:Status-Status}' "$name")" installed
    done
    version=$(in_root dpkg-query -W -f '${Version}' ndes-crp)
    for name in crpd ndesd crpctl; do
        expect "$name $version runs" in_root "$name" --version
    done
    expect "no unit is enabled before it is configured" \
        test -z "$(find "$new_root/etc/systemd" -name 'crpd.service' -o -name 'ndesd.service' -o -name 'ndes-doctor.*' -o -name 'ndes-tls-renew.*')"
    expect_equal "folders and their owners" "$(in_root stat -c '%n %a %U:%G' /etc/ndes-crp /etc/ndes-crp/crpd \
        /etc/ndes-crp/crpd/keys /etc/ndes-crp/ndesd /etc/ndes-crp/ndesd/ca /etc/ndes-crp/ndesd/keys /etc/ndes-crp/ndesd/ra \
        /var/lib/crpd /var/lib/ndesd /var/log/crpd /var/log/ndesd)" "/etc/ndes-crp 755 root:root
/etc/ndes-crp/crpd 750 root:crpd
/etc/ndes-crp/crpd/keys 700 root:root
/etc/ndes-crp/ndesd 750 root:ndesd
/etc/ndes-crp/ndesd/ca 700 ndesd:ndesd
/etc/ndes-crp/ndesd/keys 700 ndesd:ndesd
/etc/ndes-crp/ndesd/ra 700 ndesd:ndesd
/var/lib/crpd 700 crpd:crpd
/var/lib/ndesd 700 ndesd:ndesd
/var/log/crpd 750 crpd:crpd
/var/log/ndesd 750 ndesd:ndesd"
    for name in crpd ndesd; do
        expect_equal "the unit's user of $name is the package's" \
            "$(sed -n 's/^User=//p' "$new_root/lib/systemd/system/$name.service")" \
            "$(in_root stat -c %U "/var/lib/$name")"
    done
}

# A module made with what ndes-policy-dev brings, loaded by the crpctl of the packages.
check_development() {
    local from=$work/policy-dev
    rm -rf "$from" "$work/module"
    dpkg-deb -x "$(ls "$work"/1/ndes-policy-dev_*.deb)" "$from"
    cp -r "$from/usr/share/ndes-policy/templates/c" "$work/module"
    expect "a module is built with ndes-policy-dev" \
        env PKG_CONFIG_PATH="$from/usr/share/pkgconfig" make -C "$work/module"
    cp "$work/module/my_module.so" "$new_root/tmp/"
    expect "crpctl loads it" in_root crpctl plugin check /tmp/my_module.so
}

# reads USER FILE: can it?
reads() { as_user "$1" head -c 1 "$2"; }

check_secrets() {
    local file
    for file in /etc/ndes-crp/ndesd/ca/ca.key /var/lib/ndesd/ra/signing.key /var/lib/ndesd/ra/encryption.key \
        /var/lib/ndesd/module/client.key /etc/ndes-crp/ndesd/keys/journal.key /var/lib/ndesd/ndesd.db /etc/ndes-crp/ndesd/ndesd.toml; do
        expect "ndesd reads $file" reads ndesd "$file"
        expect_fails "crpd cannot read $file" reads crpd "$file"
    done
    for file in /run/credentials/crpd.service/keys_k1.key /run/credentials/crpd.service/keys_pepper.key \
        /etc/ndes-crp/crpd/tls/crp.key /var/lib/crpd/crp.db /etc/ndes-crp/crpd/crpd.toml; do
        expect "crpd reads $file" reads crpd "$file"
        expect_fails "ndesd cannot read $file" reads ndesd "$file"
    done
    for file in crpd ndesd; do
        expect_fails "$file cannot read the challenge key's file" reads $file /etc/ndes-crp/crpd/keys/k1.key
        expect_fails "$file cannot read the key of the TLS CA" reads $file /etc/ndes-crp/tls-ca/ca.key
    done
}

check_upgrade() {
    local before
    sed -i 's/rotate 12/rotate 3/' "$new_root/etc/logrotate.d/ndes-scep-server"
    chmod 710 "$new_root/etc/ndes-crp/crpd"
    stop_daemons
    before=$(state_of)
    expect "upgrade" package_install "$work/2"
    expect_equal "the next version is installed" "$(in_root dpkg-query -W -f '${Version}' ndes-crp)" \
        "$(dpkg-deb -f "$(ls "$work"/2/ndes-crp_*.deb)" Version)"
    expect_equal "upgrade: configuration, keys, records, owners and modes are kept" "$(state_of)" "$before"
    expect "upgrade: an edited file of /etc stays" grep -q 'rotate 3' "$new_root/etc/logrotate.d/ndes-scep-server"
    expect "upgrade: the new one lies beside it" test -f "$new_root/etc/logrotate.d/ndes-scep-server.dpkg-dist"
    start_daemons
    expect "upgrade: a device enrols" enrol third
    expect_equal "upgrade: the records are there" "$(call GET /api/v1/devices/device-1 | jq -r .name)" device-1
}

check_removal() {
    local before name
    stop_daemons
    before=$(state_of)
    expect "remove" apt_in_root remove "${packages[@]}"
    expect_equal "remove: programs, units and documents are gone" "$(cd "$new_root" &&
        find usr/sbin/crpd usr/sbin/ndesd usr/bin/crpctl usr/lib/ndes-crp lib/systemd/system/crpd.service \
            lib/systemd/system/ndesd.service usr/share/doc/ndes-crp 2>/dev/null)" ""
    expect_equal "remove: configuration, keys and records are kept" "$(state_of)" "$before"

    expect "purge where nothing can be asked" apt_in_root purge ndes-crp ndes-scep-server ndes-crpctl
    expect_equal "purge, not asked: all is kept" "$(state_of)" "$before"

    expect "installed again" package_install "$work/2"
    expect_equal "installed again: all is as it was" "$(state_of)" "$before"
    purge_answering ndes-crp no
    expect_equal "purge, answered no: all is kept" "$(state_of)" "$before"

    expect "installed again" package_install "$work/2"
    purge_answering ndes-crp yes
    expect_equal "purge, answered yes: nothing of crpd is left" \
        "$(cd "$new_root" && find etc/ndes-crp/crpd var/lib/crpd var/log/crpd 2>/dev/null)" ""
    expect "purge of crpd: ndesd's keys are kept" test -s "$new_root/etc/ndes-crp/ndesd/ca/ca.key"

    expect "purge of crpd: what crpctl init made beside is kept" test -s "$new_root/etc/ndes-crp/tls-ca/ca.key"

    for name in ndes-scep-server ndes-crpctl; do
        echo "$name $name/purge-data boolean true" | in_root debconf-set-selections
    done
    expect "purge, answered beforehand" apt_in_root purge ndes-scep-server ndes-crpctl
    expect_equal "purge, answered beforehand with true: nothing is left, and init could begin anew" \
        "$(cd "$new_root" && find etc/ndes-crp var/lib/ndesd var/log/ndesd etc/logrotate.d/ndes-scep-server 2>/dev/null)" ""
    for name in crpd ndesd; do expect "the user $name stays" in_root getent passwd "$name"; done
}

# purge_answering PACKAGE ANSWER: the question comes on a terminal, and is answered there.
purge_answering() {
    local shown
    shown=$(printf '%s\n' "$2" | script -qec "chroot '$new_root' env -i TERM=dumb LC_ALL=C.UTF-8 \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=teletype dpkg --purge $1" /dev/null 2>&1)
    if grep -q 'Delete the keys and records' <<<"$shown"; then ok "purge of $1 asks"; else not_ok "purge of $1 asks" "$shown"; fi
}

package_try() {
    [ "$(id -u)" -eq 0 ] || { echo "error: trying the packages needs root" >&2; return 1; }
    install_packages "${package_packages[@]}" "${lab_packages[@]}" || return 1
    trap package_end EXIT
    trap 'exit 1' INT TERM
    package_make_base || { echo "error: no Debian to try the packages in" >&2; return 1; }
    echo "== trying the packages in $new_root"
    expect "install" package_install "$work/1"
    expect "logrotate" apt_in_root --no-install-recommends install logrotate
    check_installed
    check_development
    configure_daemons
    start_daemons
    expect "a device enrols" enrol first
    check_secrets
    check_rotation
    check_upgrade
    check_removal
    package_end
    trap - EXIT
}

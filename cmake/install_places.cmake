# Where `cmake --install` puts things, below the prefix (/usr in the Debian packages). Relative, so
# that any prefix will do; the systemd units name the places of /usr.
include(GNUInstallDirs)
set(NDES_MODULE_DIR lib/ndes-crp)                # policy modules: policy.module of ndesd.toml
set(NDES_UNIT_DIR lib/systemd/system)
set(NDES_DATA_DIR share/ndes-crp)                # alert rules, dashboard, log format
set(NDES_SAMPLE_DIR share/doc/ndes-crp/samples)  # commented configurations
set(NDES_DOCUMENT_DIR share/doc/ndes-crp)

"""What a function finds outside its layers: libraries and programs of the runtime's base system.

From what the base images hold: for Amazon Linux 2023 and 2 as listed, for each architecture, in
https://github.com/brefphp/aws-lambda-layers/tree/main/utils (lib-copy/libs-x86.txt, libs-arm.txt,
lib-check/al2-x64.txt), of public.ecr.aws/lambda. Images have more than the environment of a
function that is no image (https://github.com/aws/aws-lambda-base-images/issues/120,
https://github.com/lambgeo/docker-lambda/issues/34: no libcurl, no libxml2). So only that counts which
the C library, bash, coreutils, OpenSSL and Python itself need to run; what comes with the package
manager of an image (libcurl, libxml2, libmagic, libarchive, glib, gpgme, librpm, …) does not.
"""

from layer_builder.model import Target

# What a manylinux wheel may expect of any system, less the graphics libraries, which are not in a
# runtime: https://github.com/pypa/auditwheel/blob/main/src/auditwheel/policy/manylinux-policy.json
_EVERYWHERE = frozenset(
    {
        "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1",
        "libresolv.so.2", "libanl.so.1", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1",
        "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
        # Of glibc, too.
        "libBrokenLocale.so.1", "libmvec.so.1", "libthread_db.so.1", "libnss_compat.so.2",
        "libnss_dns.so.2", "libnss_files.so.2",
        # Of coreutils, bash and util-linux.
        "libacl.so.1", "libattr.so.1", "libcap.so.2", "libgmp.so.10", "libselinux.so.1",
        "libtinfo.so.6", "libtic.so.6", "libncurses.so.6", "libncursesw.so.6", "libuuid.so.1",
        # Of Python's own modules.
        "libbz2.so.1", "liblzma.so.5", "libsqlite3.so.0", "libform.so.6", "libformw.so.6",
        "libmenu.so.6", "libmenuw.so.6", "libpanel.so.6", "libpanelw.so.6",
        # Of OpenSSL and Kerberos.
        "libcom_err.so.2", "libgssapi_krb5.so.2", "libk5crypto.so.3", "libkeyutils.so.1",
        "libkrb5.so.3", "libkrb5support.so.0",
    }
)  # fmt: skip


# OpenSSL 1.0 and glibc's own libcrypt there; OpenSSL 3 and libxcrypt in 2023:
# https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
_AMAZON_LINUX_2 = _EVERYWHERE | {
    "libcrypt.so.1", "libnsl.so.1", "libssl.so.10", "libcrypto.so.10", "libffi.so.6",
    "libreadline.so.6", "libhistory.so.6", "libpcre.so.1", "libsepol.so.1", "libcidn.so.1",
}  # fmt: skip


_AMAZON_LINUX_2023 = _EVERYWHERE | {
    "libcrypt.so.2", "libssl.so.3", "libcrypto.so.3", "libffi.so.8", "libreadline.so.8",
    "libhistory.so.8", "libpcre2-8.so.0", "libsepol.so.2", "libzstd.so.1", "liblz4.so.1",
    "libc_malloc_debug.so.0", "libpsx.so.2", "libblkid.so.1", "libmount.so.1",
    "libsmartcols.so.1",
}  # fmt: skip

PROGRAMS = frozenset(
    {
        # bash, which starts the runtime; glibc; grep, sed and gawk.
        "bash", "sh", "ldconfig", "ldconfig.real", "ldd", "getent", "locale", "localedef", "iconv", "getconf",
        "grep", "egrep", "fgrep", "sed", "awk", "gawk",
        # GNU coreutils: https://www.gnu.org/software/coreutils/manual/
        "[", "b2sum", "base32", "base64", "basename", "basenc", "cat", "chgrp", "chmod", "chown",
        "cksum", "comm", "cp", "csplit", "cut", "date", "dd", "df", "dir", "dirname", "du", "echo",
        "env", "expand", "expr", "factor", "false", "fmt", "fold", "groups", "head", "hostid", "id",
        "install", "join", "link", "ln", "logname", "ls", "md5sum", "mkdir", "mkfifo", "mknod",
        "mktemp", "mv", "nice", "nl", "nohup", "nproc", "numfmt", "od", "paste", "pathchk", "pr",
        "printenv", "printf", "ptx", "pwd", "readlink", "realpath", "rm", "rmdir", "seq",
        "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "shred", "shuf", "sleep",
        "sort", "split", "stat", "stdbuf", "stty", "sum", "sync", "tac", "tail", "tee", "test",
        "timeout", "touch", "tr", "true", "truncate", "tsort", "tty", "uname", "unexpand", "uniq",
        "unlink", "users", "vdir", "wc", "who", "whoami", "yes",
    }
)  # fmt: skip
"""Programs that a function finds, by name, besides Python's."""


def base_libraries(target: Target) -> frozenset[str]:
    """Name the libraries that the runtime's base system has, by file name."""
    base = _AMAZON_LINUX_2 if target.glibc == (2, 26) else _AMAZON_LINUX_2023
    return base | {f"libpython{target.python}.so.1.0", "libpython3.so"}

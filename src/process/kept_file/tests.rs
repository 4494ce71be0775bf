//! What every kept file must be, for the tests of those who keep one.

use super::*;

/// What is wrong with a file that holds this, which must not be quoted.
pub(in crate::process) fn refused<T>(
    file: &KeptFile,
    text: &str,
    read: impl Fn() -> Result<T, Failure>,
) {
    file.home.create().unwrap();
    file.home.write(file.name, text).unwrap();
    let failure = read().map(drop).unwrap_err();
    assert_eq!(failure.code, file.code, "{text}");
    assert!(!failure.to_string().contains("hunter2"));
}

/// Nobody but the owner can read it.
pub(in crate::process) fn is_private(file: &KeptFile) {
    #[cfg(unix)]
    {
        let metadata = std::fs::metadata(file.home.path(file.name)).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

//! The local socket of a home: a file in a directory of its own on Unix, a named pipe on Windows.
//!
//! Only the holder of the wallet's lock may touch the name.

use std::io;

use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::traits::tokio::{Listener as _, Stream as _};
use interprocess::local_socket::{ListenerOptions, Name};

use super::home::Home;
use crate::digest::Digest;

/// Where processes on one home meet.
#[derive(Clone, Debug)]
pub struct Meeting(std::path::PathBuf);

impl Meeting {
    /// The meeting place of `home`. A path too long for a socket is kept under the system's temporary directory.
    pub fn of(home: &Home) -> Self {
        let inside = home.path("socket").join("keeper");
        if cfg!(unix) && inside.as_os_str().len() > SOCKET_PATH_MAX {
            let digest = Digest::of(home.dir().as_os_str().as_encoded_bytes()).to_string();
            let user = user_id().map(|id| id.to_string()).unwrap_or_default();
            let dir =
                std::path::Path::new("/tmp").join(format!("paywarden-{user}-{}", &digest[..16]));
            return Self(dir.join("keeper"));
        }
        Self(inside)
    }

    /// Takes the place over: what a dead keeper left behind is removed. Call with the wallet's lock held.
    ///
    /// # Errors
    /// The system's.
    pub fn listen(&self) -> io::Result<Listener> {
        let options = ListenerOptions::new().name(self.name()?);
        #[cfg(unix)]
        let options = {
            use interprocess::os::unix::local_socket::ListenerOptionsExt as _;
            self.private_dir()?;
            match std::fs::remove_file(&self.0) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            // The next keeper removes the file itself; removing it late would take the next one's away.
            options.mode(0o600).reclaim_name(false)
        };
        options.create_tokio()
    }

    /// Connects to whoever listens.
    ///
    /// # Errors
    /// The system's; nobody listens, or not yet.
    pub async fn connect(&self) -> io::Result<Stream> {
        let stream = Stream::connect(self.name()?).await?;
        check_peer(&stream)?;
        Ok(stream)
    }

    fn name(&self) -> io::Result<Name<'_>> {
        #[cfg(unix)]
        {
            use interprocess::local_socket::{GenericFilePath, ToFsName as _};
            self.0.as_os_str().to_fs_name::<GenericFilePath>()
        }
        #[cfg(not(unix))]
        {
            use interprocess::local_socket::{GenericNamespaced, ToNsName as _};
            let digest = Digest::of(self.0.as_os_str().as_encoded_bytes()).to_string();
            format!("paywarden-{}", &digest[..32]).to_ns_name::<GenericNamespaced>()
        }
    }

    #[cfg(unix)]
    fn private_dir(&self) -> io::Result<()> {
        use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
        let Some(dir) = self.0.parent() else { return Ok(()) };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let found = std::fs::symlink_metadata(dir)?;
        let ours = user_id() == Some(found.uid()) && found.is_dir();
        if !ours || found.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::other("the socket's directory is not the owner's alone"));
        }
        Ok(())
    }
}

/// Waits for the next process of the same user; others are turned away.
///
/// # Errors
/// The system's.
pub async fn accept(listener: &Listener) -> io::Result<Stream> {
    loop {
        let stream = listener.accept().await?;
        match check_peer(&stream) {
            Ok(()) => return Ok(stream),
            Err(error) => tracing::warn!(%error, "a connection was turned away"),
        }
    }
}

/// The other end must run under our own user.
fn check_peer(stream: &Stream) -> io::Result<()> {
    #[cfg(unix)]
    {
        let theirs = stream.peer_creds()?.euid();
        if theirs.is_none() || theirs != user_id() {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the process at the other end runs under another user",
            ));
        }
    }
    #[cfg(not(unix))]
    let _ = stream;
    Ok(())
}

#[cfg(unix)]
fn user_id() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn user_id() -> Option<u32> {
    None
}

/// `sun_path` holds 104 bytes on macOS, 108 on Linux, with a closing zero.
const SOCKET_PATH_MAX: usize = 100;

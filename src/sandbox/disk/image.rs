//! What is on a disk: bytes in shared pages, so that keeping many images costs little.

use std::io;
use std::sync::{Arc, LazyLock};

/// The content of a disk. Cloning shares pages; equality is that of the bytes.
#[derive(Clone, Default)]
pub struct Image {
    /// Bytes past `len` in the last page are zero.
    pages: Vec<Arc<Page>>,
    len: u64,
}

type Page = [u8; PAGE_BYTES];

impl Image {
    /// How many bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was ever written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether these bytes stand somewhere on the disk.
    pub fn contains(&self, needle: &[u8]) -> bool {
        let bytes: Vec<u8> = self.pages.iter().flat_map(|page| page.iter().copied()).collect();
        bytes.windows(needle.len().max(1)).any(|window| window == needle)
    }

    /// Reads `out.len()` bytes from `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] past the end.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(out.len() as u64).filter(|end| *end <= self.len);
        if end.is_none() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (page, within, at) in pieces(offset, out.len()) {
            out[at.clone()].copy_from_slice(&self.pages[page][within..within + at.len()]);
        }
        Ok(())
    }

    /// Writes what lies within the length; the rest is lost, as bytes behind the end of a file are.
    pub(super) fn write(&mut self, offset: u64, data: &[u8]) {
        let room = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let data = &data[..data.len().min(room)];
        for (page, within, at) in pieces(offset, data.len()) {
            let page = Arc::make_mut(&mut self.pages[page]);
            page[within..within + at.len()].copy_from_slice(&data[at]);
        }
    }

    /// Cuts off, or grows by zeros.
    pub(super) fn set_len(&mut self, len: u64) {
        let bytes = usize::try_from(len).expect("a simulated disk fits in memory");
        self.pages.resize_with(bytes.div_ceil(PAGE_BYTES), || Arc::clone(&ZEROS));
        if let Some(last) = self.pages.last_mut().filter(|_| !bytes.is_multiple_of(PAGE_BYTES)) {
            Arc::make_mut(last)[bytes % PAGE_BYTES..].fill(0);
        }
        self.len = len;
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Arc<Page>, &Arc<Page>)| Arc::ptr_eq(a, b) || a == b;
        self.len == other.len && self.pages.iter().zip(&other.pages).all(same)
    }
}

impl Eq for Image {}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image").field("len", &self.len).finish_non_exhaustive()
    }
}

/// Page, place in it, and the part of the data that lies there.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (usize, usize, std::ops::Range<usize>)> {
    let offset = usize::try_from(offset).expect("a simulated disk fits in memory");
    let mut done = 0;
    std::iter::from_fn(move || {
        let (page, within) = ((offset + done) / PAGE_BYTES, (offset + done) % PAGE_BYTES);
        let part = (PAGE_BYTES - within).min(len - done);
        done += part;
        (part > 0).then(|| (page, within, done - part..done))
    })
}

static ZEROS: LazyLock<Arc<Page>> = LazyLock::new(|| Arc::new([0; PAGE_BYTES]));

const PAGE_BYTES: usize = 4096;

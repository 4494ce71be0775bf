//! A payment URI as a QR code, in PNG.
//!
//! Pure: text to bytes. It must never hold more than the URI that is shown beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use miniz_oxide::deflate::compress_to_vec_zlib;
use qrcode::{Color, EcLevel, QrCode};

use crate::operations::Image;

/// The image; `None` for a text that no code can hold.
pub(super) fn image(text: &str) -> Option<Image> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let data = BASE64.encode(png(&code)?);
    Some(Image { mime_type: "image/png".to_owned(), data })
}

/// An address as a payer's camera takes it.
pub fn address_qr(address: &str) -> Option<Image> {
    image(&format!("nano:{address}"))
}

/// One bit for a pixel, black on white, with the quiet zone that readers want.
fn png(code: &QrCode) -> Option<Vec<u8>> {
    let modules = code.width();
    let side = (modules + 2 * QUIET) * SCALE;
    let mut rows = Vec::with_capacity(side * (side.div_ceil(8) + 1));
    for y in 0..side {
        // Each row begins with its filter, which is none.
        rows.push(0);
        let mut row = vec![0_u8; side.div_ceil(8)];
        for x in 0..side {
            let module = |at: usize| (at / SCALE).checked_sub(QUIET).filter(|at| *at < modules);
            let dark =
                matches!((module(x), module(y)), (Some(x), Some(y)) if code[(x, y)] == Color::Dark);
            if !dark {
                row[x / 8] |= 0x80 >> (x % 8);
            }
        }
        rows.extend_from_slice(&row);
    }
    let side = u32::try_from(side).ok()?.to_be_bytes();
    let header = [&side[..], &side[..], &[1, 0, 0, 0, 0]].concat();
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, *b"IHDR", &header)?;
    chunk(&mut file, *b"IDAT", &compress_to_vec_zlib(&rows, COMPRESSION))?;
    chunk(&mut file, *b"IEND", &[])?;
    Some(file)
}

/// Length, type, data, and the check of type and data (PNG specification, 5.3).
fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) -> Option<()> {
    file.extend_from_slice(&u32::try_from(data.len()).ok()?.to_be_bytes());
    let begin = file.len();
    file.extend_from_slice(&kind);
    file.extend_from_slice(data);
    let check = crc32(&file[begin..]);
    file.extend_from_slice(&check.to_be_bytes());
    Some(())
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Pixels for a module.
const SCALE: usize = 5;
/// White modules on each side.
const QUIET: usize = 4;
const COMPRESSION: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "nano:nano_1ummqzrxkkrcgn13apza6wjggjcxqad79tfofuoc1iy7m17gtfuh1gi84trm?amount=1500000054000000000000000000000";

    #[test]
    fn the_check_is_that_of_png() {
        // The check of an empty IEND chunk, which every PNG file ends with.
        assert_eq!(crc32(b"IEND"), 0xae42_6082);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn the_pixels_are_the_modules() {
        let code = QrCode::with_error_correction_level(URI, EcLevel::M).unwrap();
        let file = png(&code).unwrap();
        assert!(file.starts_with(SIGNATURE) && file.ends_with(&[0xae, 0x42, 0x60, 0x82]));
        let side = u32::from_be_bytes(*file[16..].first_chunk().unwrap()) as usize;
        assert_eq!(side, (code.width() + 8) * SCALE);
        let length = u32::from_be_bytes(*file[33..].first_chunk().unwrap()) as usize;
        let rows = miniz_oxide::inflate::decompress_to_vec_zlib(&file[41..41 + length]).unwrap();
        let stride = side.div_ceil(8) + 1;
        assert_eq!(rows.len(), stride * side);
        let dark = |x: usize, y: usize| rows[y * stride + 1 + x / 8] & (0x80 >> (x % 8)) == 0;
        for y in 0..code.width() {
            for x in 0..code.width() {
                let (left, top) = ((x + QUIET) * SCALE, (y + QUIET) * SCALE);
                for (x_px, y_px) in [(left, top), (left + SCALE - 1, top + SCALE - 1)] {
                    assert_eq!(dark(x_px, y_px), code[(x, y)] == Color::Dark, "{x} {y}");
                }
            }
        }
        assert!((0..side).all(|x| !dark(x, 0) && !dark(x, side - 1)), "the quiet zone is white");
        println!("{} bytes", file.len());
        assert!(file.len() < 2_000);
    }

    #[test]
    fn what_no_code_can_hold_has_no_image() {
        assert!(image(URI).is_some());
        assert!(image(&"x".repeat(4_000)).is_none());
    }
}

//! Pictures that administrators upload for the pages.

use std::io::Cursor;

use aws_lc_rs::digest::{SHA256, digest};
use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use keyway_store::{StoreError, images};

use crate::events::{Event, EventKind};
use crate::{CoreError, Cx};

/// Why a picture was not kept or found.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The bytes are no picture, or one that takes too much memory.
    #[error("not a picture")]
    NotAPicture,
    /// There is none of this id.
    #[error("not found")]
    NotFound,
    /// The store or the machine failed.
    #[error(transparent)]
    Failed(#[from] CoreError),
}

impl From<StoreError> for ImageError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Longest side of a picture that is kept, in pixels.
const MAX_SIDE: u32 = 512;

/// Longest side of a picture that is read, in pixels.
const MAX_SIDE_READ: u32 = 8192;

/// Memory that reading a picture may take, in bytes.
const MAX_MEMORY: u64 = 64 * 1024 * 1024;

/// A picture of a stranger drawn anew: what hid between its pixels, from scripts to where it was taken, stays behind.
fn redraw(bytes: &[u8]) -> Result<Vec<u8>, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| ImageError::NotAPicture)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_READ);
    limits.max_image_height = Some(MAX_SIDE_READ);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut picture = reader.decode().map_err(|_| ImageError::NotAPicture)?;
    if picture.width() > MAX_SIDE || picture.height() > MAX_SIDE {
        picture = picture.thumbnail(MAX_SIDE, MAX_SIDE);
    }
    let mut png = Cursor::new(Vec::new());
    DynamicImage::from(picture.into_rgba8())
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|_| ImageError::NotAPicture)?;
    Ok(png.into_inner())
}

/// Keeps a picture (PNG, JPEG, GIF or WebP) as PNG of at most 512 by 512 pixels; returns its address.
#[tracing::instrument(name = "images.upload", skip_all)]
pub async fn upload(cx: &Cx, bytes: Vec<u8>) -> Result<String, ImageError> {
    let drawn = tokio::task::spawn_blocking(move || redraw(&bytes)).await;
    let png = drawn.map_err(|_| ImageError::Failed(CoreError::Internal("a picture")))??;
    let id = hex::encode(digest(&SHA256, &png));
    let address = format!("{}/images/{id}.png", cx.core().endpoint(&cx.tenant));
    cx.write(async move |tx| {
        images::insert(tx, &cx.tenant, &id, png, cx.now).await?;
        cx.emit(tx, Event::new(EventKind::ImageUploaded).target("imageId", &id)).await?;
        Ok::<_, ImageError>(())
    })
    .await?;
    Ok(address)
}

/// The picture with this id, as PNG.
#[tracing::instrument(name = "images.get", skip_all)]
pub async fn get(cx: &Cx, id: &str) -> Result<Vec<u8>, ImageError> {
    cx.read(async |tx| images::find(tx, &cx.tenant, id).await?.ok_or_else(|| ImageError::NotFound)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn file_upload_is_drawn_anew() {
        let mut jpeg = encoded(1000, 500, ImageFormat::Jpeg);
        jpeg.extend_from_slice(b"<script>alert(1)</script>");
        let png = redraw(&jpeg).unwrap();
        assert!(png.starts_with(b"\x89PNG") && !png.windows(7).any(|part| part == b"<script"));
        let again = image::load_from_memory(&png).unwrap();
        assert_eq!((again.width(), again.height()), (512, 256));
    }

    #[test]
    fn file_upload_of_anything_else_is_refused() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
        let truncated = &encoded(10, 10, ImageFormat::Png)[..40];
        for bad in [&svg[..], b"", b"GIF89a", truncated, b"<html>"] {
            assert!(matches!(redraw(bad), Err(ImageError::NotAPicture)));
        }
    }

    #[test]
    fn decompression_bombs_are_refused_before_they_are_drawn() {
        let mut header = encoded(1, 1, ImageFormat::Png);
        header[16..24].copy_from_slice(&[0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff]);
        assert!(matches!(redraw(&header), Err(ImageError::NotAPicture)));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 48, ..proptest::test_runner::Config::default() })]

        #[test]
        fn parser_exhaustion_of_pictures(
            format in proptest::sample::select(vec![ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP]),
            changes in proptest::collection::vec((proptest::num::usize::ANY, proptest::num::u8::ANY), 0..4),
            kept in 0_usize..4096,
        ) {
            let mut bytes = encoded(24, 16, format);
            for (place, byte) in changes {
                let place = place % bytes.len().min(256);
                bytes[place] = byte;
            }
            bytes.truncate(kept.max(8));
            if let Ok(png) = redraw(&bytes) {
                let again = image::load_from_memory(&png).unwrap();
                proptest::prop_assert!(again.width() <= MAX_SIDE && again.height() <= MAX_SIDE);
            }
        }
    }
}
